package io.ruido.worker;

import io.ruido.job.ModelCard;
import io.ruido.job.UnavailableModel;
import io.ruido.redis.AddOnRegistry;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import io.ruido.redis.WorkerStatus;
import io.ruido.telemetry.ResidentMemory;
import io.ruido.worker.denoise.DenoiseLoop;
import io.ruido.worker.models.EmbeddingLibrary;
import io.ruido.worker.models.LoraLibrary;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers this worker's models, slots and status in Redis, and renews the registration.
 */
final class Presence {
    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    /**
     * What a worker offers.
     *
     * @param cards cards of the models that it serves
     * @param unavailable models that it is configured to serve but cannot
     * @param loras LoRAs that jobs can name
     * @param embeddings embeddings that prompts can name
     */
    record Offer(
            List<ModelCard> cards,
            List<UnavailableModel> unavailable,
            LoraLibrary loras,
            EmbeddingLibrary embeddings) {}

    private final ModelRegistry registry;
    private final AddOnRegistry loras;
    private final AddOnRegistry embeddings;
    private final String worker;
    private final int slots;
    private final Offer offer;
    private final Duration lease;
    private final Observer observer;
    private final DenoiseLoop loop;
    private final Instant since = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    private volatile boolean left;

    /**
     * @param slots number of images of each model that it denoises at a time
     * @param lease time after which a worker that does not renew its registration is considered dead
     */
    Presence(Redis redis, String worker, int slots, Offer offer, Duration lease, Observer observer, DenoiseLoop loop) {
        this.registry = new ModelRegistry(redis);
        this.loras = AddOnRegistry.ofLoras(redis);
        this.embeddings = AddOnRegistry.ofEmbeddings(redis);
        this.worker = worker;
        this.slots = slots;
        this.offer = offer;
        this.lease = lease;
        this.observer = observer;
        this.loop = loop;
    }

    CompletionStage<Void> announce() {
        return registry.serve(worker, slots, offer.cards(), lease)
                .thenCombine(registry.announceUnavailable(offer.unavailable(), lease), (served, announced) -> null)
                .thenCombine(loras.announce(offer.loras().list(), lease), (served, announced) -> null)
                .thenCombine(embeddings.announce(offer.embeddings().list(), lease), (served, announced) -> null)
                .thenCombine(registry.report(status(), lease), (served, reported) -> null);
    }

    private WorkerStatus status() {
        Throughput.Rate rate = observer.throughput().sinceLastCall();
        return new WorkerStatus(
                worker,
                offer.cards().stream().map(ModelCard::name).toList(),
                slots * offer.cards().size(),
                loop.active(),
                rate.rows(),
                rate.stepsPerSecond(),
                observer.device().getDeviceType(),
                ResidentMemory.bytes(),
                observer.device().isGpu() ? observer.gpuMemory() : null,
                since);
    }

    void keep(ScheduledExecutorService clock, Duration every) {
        clock.scheduleAtFixedRate(this::announceAgain, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void announceAgain() {
        if (left) {
            return;
        }
        try {
            announce().exceptionally(error -> {
                log.debug("worker {} could not renew its registration ({}); retrying", worker, error.toString());
                return null;
            });
        } catch (RuntimeException e) {
            // An exception would end the schedule, and with it the registration.
            log.warn("worker {} could not renew its registration; retrying", worker, e);
        }
    }

    /** Removes the registration. If Redis is unavailable, the lease expires by itself. */
    void leave() {
        left = true;
        registry.leave(worker, slots, offer.cards()).exceptionally(error -> {
            log.info("worker {} stays registered for up to {}: {}", worker, lease, error.toString());
            return null;
        });
    }
}
