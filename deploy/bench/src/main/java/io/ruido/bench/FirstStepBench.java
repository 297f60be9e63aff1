package io.ruido.bench;

import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Measures how soon an idle worker starts a job. Each job has a new prompt. */
final class FirstStepBench {
    private static final int STEPS = 8;
    private static final long TIMEOUT_SECONDS = 60;

    private final BenchClient client;
    private final BenchClient.Events events;
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private int texts;

    FirstStepBench(BenchClient client) throws TimeoutException {
        this.client = client;
        this.events = client.events(frame -> arrivals.add(new Arrival(System.nanoTime(), event(frame))));
    }

    private record Arrival(long nanos, JobEvent event) {}

    /**
     * The times of one job, in milliseconds since its request was sent. Redis uses the same clock, to the millisecond.
     *
     * @param accepted the client has its 202
     * @param encoding the prompt stage has begun, by Redis' stamp
     * @param sampling a sampling stage has claimed the image, by Redis' stamp
     * @param firstStep the first step is made, by Redis' stamp
     * @param delivered the first step has come to a client over a WebSocket
     * @param step what one of the later steps takes: denoiser, preview, and telling of it
     */
    record Times(double accepted, double encoding, double sampling, double firstStep, double delivered, double step) {}

    Times measure() throws Exception {
        String body = BenchClient.submission("a red apple, number " + ++texts, STEPS);
        long clock = System.currentTimeMillis();
        long begin = System.nanoTime();
        String job = client.submit(body).toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        double accepted = millis(System.nanoTime() - begin);
        events.subscribe(job);
        long encoding = 0;
        long sampling = 0;
        double delivered = 0;
        List<Long> steps = new ArrayList<>();
        while (true) {
            Arrival next = arrivals.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new IllegalStateException("job %s: no event for %d s".formatted(job, TIMEOUT_SECONDS));
            }
            switch (next.event) {
                case JobEvent.State state
                when state.last() -> {
                    if (state.state() != JobState.SUCCEEDED) {
                        throw new IllegalStateException("job %s: %s".formatted(job, state));
                    }
                    return new Times(
                            accepted,
                            encoding - clock,
                            sampling - clock,
                            steps.getFirst() - clock,
                            delivered,
                            (double) (steps.getLast() - steps.getFirst()) / (STEPS - 1));
                }
                case JobEvent.State state -> encoding = state.state() == JobState.ENCODING ? state.time() : encoding;
                case JobEvent.Image image -> sampling = image.state() == JobState.SAMPLING ? image.time() : sampling;
                case JobEvent.Step step -> {
                    delivered = step.step() == 1 ? millis(next.nanos - begin) : delivered;
                    steps.add(step.time());
                }
                case JobEvent.Queue queue -> {}
                case JobEvent.Result result -> {}
                case JobEvent.Warnings warnings -> {}
            }
        }
    }

    private static JobEvent event(JsonObject frame) {
        return JobJson.read(frame.getJsonObject("event").encode(), JobEvent.class);
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }
}
