package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.redis.RateLimits;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Limits the requests per minute and images per day of each key, over all gateways. */
public final class Quota {
    private static final String IMAGES = "images";
    private static final Duration DAY = Duration.ofDays(1);
    private static final String REQUESTS = "requests";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RateLimits limits;

    public Quota(RateLimits limits) {
        this.limits = limits;
    }

    /** Counts a request or a WebSocket command. Fails with a {@link ProblemException} when there were too many. */
    public CompletionStage<Void> takeRequest(Caller caller) {
        return caller.requestsPerMinute() == null
                ? CompletableFuture.completedStage(null)
                : limits.take(REQUESTS, caller.name(), 1, caller.requestsPerMinute(), MINUTE)
                        .thenAccept(wait -> wait.ifPresent(time -> {
                            throw new ProblemException(Problem.tooMany("requests a minute", time));
                        }));
    }

    /** Counts images. Fails with a {@link ProblemException} when they exceed the quota. */
    public CompletionStage<Void> take(Caller caller, int images) {
        return caller.imagesPerDay() == null
                ? CompletableFuture.completedStage(null)
                : limits.take(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY)
                        .thenAccept(wait -> wait.ifPresent(time -> {
                            throw new ProblemException(Problem.tooMany("images a day", time));
                        }));
    }

    /** Subtracts the images of a job that was counted but not accepted. */
    public void giveBack(Caller caller, int images) {
        if (caller.imagesPerDay() != null) {
            limits.giveBack(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY);
        }
    }
}
