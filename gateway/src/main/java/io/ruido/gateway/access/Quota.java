package io.ruido.gateway.access;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.redis.RateLimits;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** How many images a key may ask for in a day. */
public final class Quota {
    private static final String IMAGES = "images";
    private static final Duration DAY = Duration.ofDays(1);

    private final RateLimits allowances;

    public Quota(RateLimits allowances) {
        this.allowances = allowances;
    }

    /** Fails with a {@link ProblemException} when it is used up. */
    public CompletionStage<Void> take(Caller caller, int images) {
        return caller.imagesPerDay() == null
                ? CompletableFuture.completedStage(null)
                : allowances
                        .take(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY)
                        .thenAccept(wait -> wait.ifPresent(time -> {
                            throw new ProblemException(Problem.tooMany("images a day", time));
                        }));
    }

    /** For a job that was not accepted after all. */
    public void giveBack(Caller caller, int images) {
        if (caller.imagesPerDay() != null) {
            allowances.giveBack(IMAGES, caller.name(), images, caller.imagesPerDay(), DAY);
        }
    }
}
