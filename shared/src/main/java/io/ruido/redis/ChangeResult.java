package io.ruido.redis;

import io.ruido.job.JobState;

/** Result of a change of a job. Only {@link Done} changed anything. */
public sealed interface ChangeResult {
    /** The change was made. */
    record Done() implements ChangeResult {}

    /** The job is finished: there is nothing left to do. */
    record Finished(JobState state) implements ChangeResult {}

    /** A later attempt owns the image now, so this worker's changes have no effect. */
    record Lost() implements ChangeResult {}

    /** Redis has no such job: it never existed, or was deleted after its retention time. */
    record Unknown() implements ChangeResult {}

    static ChangeResult parse(String answer) {
        return switch (answer) {
            case "OK" -> new Done();
            case "LOST" -> new Lost();
            case "UNKNOWN" -> new Unknown();
            default -> new Finished(JobState.valueOf(answer));
        };
    }
}
