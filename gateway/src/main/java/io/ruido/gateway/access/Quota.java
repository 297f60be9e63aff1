package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.redis.RateLimits;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** How many requests a key may send in a minute, and how many images it may ask for in a day, at all gateways together. */
public final class Quota {
    private static final String IMAGES = "images";
    private static final Duration DAY = Duration.ofDays(1);
    private static final String REQUESTS = "requests";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final RateLimits limits;

    public Quota(RateLimits limits) {
        this.limits = limits;
    }

    /** Counts a request, or a command of a WebSocket. Fails with a {@link ProblemException} when there were too many. */
    public CompletionStage<Void> takeRequest(Caller caller) {
        return caller.requestsPerMinute() == null
                ? CompletableFuture.completedStage(null)
                : limits.take(REQUESTS, caller.name(), 1, caller.requestsPerMinute(), MINUTE)
                        .thenAccept(wait -> wait.ifPresent(time -> {
                            throw new ProblemException(Problem.tooMany("requests a minute", time));
                        }));
    }

    /** Fails with a {@link ProblemException} when it is used up. */
    public CompletionStage<Void> take(Caller caller, int images) {
        return caller.imagesPerDay() == null
                ? CompletableFuture.completedStage(null)
                : limits.take(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY)
                        .thenAccept(wait -> wait.ifPresent(time -> {
                            throw new ProblemException(Problem.tooMany("images a day", time));
                        }));
    }

    /** Returns what was counted for a job that was not accepted after all. */
    public void giveBack(Caller caller, int images) {
        if (caller.imagesPerDay() != null) {
            limits.giveBack(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY);
        }
    }
}
