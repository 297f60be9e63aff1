package io.ruido.telemetry;

import java.util.List;

/** Ruido's own metrics: the only place where their names are written. */
public enum Metric {
    QUEUE_JOBS("ruido.queue.jobs", "", "jobs waiting in the queue", "model", "priority"),
    QUEUE_IMAGES("ruido.queue.images", "", "images of the jobs waiting in the queue", "model", "priority"),
    QUEUE_OLDEST(
            "ruido.queue.oldest", "_seconds", "how long the first job in the queue has waited", "model", "priority"),
    ADMITTED_IMAGES("ruido.admitted.images", "", "images on Kafka or with a worker", "model"),
    WORKERS("ruido.workers", "", "live workers", "model"),
    JOBS_FINISHED("ruido.jobs.finished", "_total", "finished jobs, at any worker or gateway", "model", "outcome"),
    JOBS_ACCEPTED("ruido.jobs.accepted", "_total", "jobs that this gateway accepted", "model", "type", "priority"),
    JOBS_REFUSED("ruido.jobs.refused", "_total", "jobs that this gateway refused", "reason"),
    WATCHERS("ruido.watchers", "", "open WebSockets and event streams", "protocol"),
    WEBHOOK_DELIVERIES("ruido.webhook.deliveries", "_total", "attempts to deliver a webhook", "outcome"),
    STAGE("ruido.stage", "_seconds", "time of jobs and images in each stage", "model", "stage"),
    DENOISER_CALL("ruido.denoiser.call", "_seconds", "duration of the denoiser's calls", "model"),
    DENOISER_ROWS("ruido.denoiser.rows", "", "rows in a call of the denoiser", "model"),
    STEPS("ruido.steps", "_total", "denoising steps", "model"),
    ACTIVE_SAMPLES("ruido.active.samples", "", "images that are being denoised"),
    DEAD_LETTERS("ruido.dead.letters", "_total", "records that no worker could process"),
    GPU_MEMORY("ruido.gpu.memory.used", "_bytes", "memory of the GPU in use, by any process");

    private final String meter;
    private final String suffix;
    private final String description;
    private final List<String> labels;

    Metric(String meter, String suffix, String description, String... labels) {
        this.meter = meter;
        this.suffix = suffix;
        this.description = description;
        this.labels = List.of(labels);
    }

    /** Returns the name with which Micrometer registers the meter. */
    public String meter() {
        return meter;
    }

    public String description() {
        return description;
    }

    /** Returns the name in Prometheus, with the unit, and {@code _total} for a counter. */
    public String prometheusName() {
        return meter.replace('.', '_') + suffix;
    }

    public List<String> labels() {
        return labels;
    }
}
