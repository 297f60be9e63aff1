package io.ruido.redis;

import io.ruido.job.JobState;
import java.time.Duration;

/** Result of a worker's claim of an image. */
public sealed interface ClaimResult {
    /**
     * This worker owns the image until its lease expires.
     *
     * @param attempt fencing token, which every later change of the image must have
     */
    record Granted(int attempt) implements ClaimResult {}

    /** Another worker owns the image and may be alive; try again after {@code lease}. */
    record Owned(Duration lease) implements ClaimResult {}

    /** The job, or the image, is finished: there is nothing left to do. */
    record Finished(JobState state) implements ClaimResult {}

    /** Redis has no such job: it never existed, or was deleted after its retention time. */
    record Unknown() implements ClaimResult {}

    static ClaimResult parse(String answer) {
        String[] words = answer.split(" ");
        return switch (words[0]) {
            case "CLAIMED" -> new Granted(Integer.parseInt(words[1]));
            case "OWNED" -> new Owned(Duration.ofMillis(Long.parseLong(words[1])));
            case "UNKNOWN" -> new Unknown();
            default -> new Finished(JobState.valueOf(words[0]));
        };
    }
}
