package io.ruido.redis;

import io.ruido.job.JobState;

/** Result of a change of a job. Only {@link Done} changed anything. */
public sealed interface ChangeResult {
    /** The change was made. */
    record Done() implements ChangeResult {}

    /** The job is finished: there is nothing left to do. */
    record Over(JobState state) implements ChangeResult {}

    /** A later attempt has the image now: this worker's work on it has no more effect. */
    record Lost() implements ChangeResult {}

    /** Redis has no such job: it never had, or has forgotten it after the retention time. */
    record Unknown() implements ChangeResult {}

    static ChangeResult parse(String answer) {
        return switch (answer) {
            case "OK" -> new Done();
            case "LOST" -> new Lost();
            case "UNKNOWN" -> new Unknown();
            default -> new Over(JobState.valueOf(answer));
        };
    }
}
