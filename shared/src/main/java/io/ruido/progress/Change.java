package io.ruido.progress;

import io.ruido.job.JobState;

/** What the state machine answered to a change. Only {@link Done} changed anything. */
public sealed interface Change {
    /** The change was made. */
    record Done() implements Change {}

    /** The job is finished: there is nothing left to do. */
    record Over(JobState state) implements Change {}

    /** A later attempt has the image now: this worker's work on it has no more effect. */
    record Lost() implements Change {}

    /** Redis has no such job: it never had, or has forgotten it after the retention time. */
    record Unknown() implements Change {}

    static Change parse(String answer) {
        return switch (answer) {
            case "OK" -> new Done();
            case "LOST" -> new Lost();
            case "UNKNOWN" -> new Unknown();
            default -> new Over(JobState.valueOf(answer));
        };
    }
}
