package io.ruido.bench.watch;

import io.ruido.job.ModelCard;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingParams;
import io.ruido.redis.ClaimResult;
import io.ruido.redis.JobStore;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Simulates workers: it reports steps at a given rate, whether anybody keeps up or not. */
final class ScriptedWorker {
    /** The number of steps that are reported together, as those of one batch. */
    private static final int BATCH = 8;

    private static final String NAME = "scripted";
    private static final Duration SERVES_FOR = Duration.ofHours(1);

    private final JobStore store;
    private final List<SampleId> images;
    private int step;

    /** Claims the first image of each job. */
    ScriptedWorker(JobStore store, List<UUID> jobs) {
        this.store = store;
        this.images = jobs.stream().map(job -> new SampleId(job, 0)).toList();
        images.forEach(image -> {
            if (!(done(store.claim(image, NAME)) instanceof ClaimResult.Granted)) {
                throw new IllegalStateException("image " + image + " could not be claimed");
            }
        });
    }

    /** Offers a model of this name, so that jobs are accepted for it. */
    static void serve(Redis redis, String model) {
        SamplingParams defaults = new SamplingParams(model, 128, 128, 30, 7.5, "ddim", 0);
        ModelCard card = new ModelCard(
                model, model, "", "none", 128, 128, 128, defaults, List.of(new ModelCard.Sampler("ddim", "DDIM")));
        done(new ModelRegistry(redis).serve(NAME, 1_000, List.of(card), SERVES_FOR));
    }

    /**
     * Reports steps.
     *
     * @param rate steps per second of all images together, which take turns
     * @return number of reported steps
     * @throws IllegalStateException when Redis did not take one of them
     */
    int tell(int rate, Duration during) {
        AtomicInteger failed = new AtomicInteger();
        int all = (int) (rate * during.toSeconds());
        long begin = System.nanoTime();
        long due = TimedPreview.now();
        for (int i = 0; i < all; i++) {
            long wait = TimeUnit.SECONDS.toNanos(i / BATCH * BATCH) / rate;
            while (System.nanoTime() - begin < wait) {
                LockSupport.parkNanos(wait - (System.nanoTime() - begin));
            }
            store.step(
                            images.get(i % images.size()),
                            1,
                            step++ / images.size() + 1,
                            1_000,
                            TimedPreview.of(due + wait / 1_000))
                    .whenComplete((change, error) -> {
                        if (error != null) {
                            failed.incrementAndGet();
                        }
                    });
        }
        if (failed.get() > 0) {
            throw new IllegalStateException("%d of %d steps could not be reported".formatted(failed.get(), all));
        }
        return all;
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
