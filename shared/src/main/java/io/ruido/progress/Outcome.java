package io.ruido.progress;

import io.ruido.job.JobState;
import java.time.Duration;

/** What the state machine answered. Only {@link Done} and {@link Claimed} changed anything. */
public sealed interface Outcome {
    /** The change was made. */
    record Done() implements Outcome {}

    /**
     * The image is this worker's until its lease runs out.
     *
     * @param attempt fencing token, to be given with every later change of the image
     */
    record Claimed(int attempt) implements Outcome {}

    /** Another worker has the image and may be alive; ask again after {@code lease}. */
    record Owned(Duration lease) implements Outcome {}

    /** The job, or the image, is finished: there is nothing left to do. */
    record Terminal(JobState state) implements Outcome {}

    /** A later attempt has the image now: this worker's work on it has no more effect. */
    record Lost() implements Outcome {}

    /** A job of this id was submitted before. */
    record Exists() implements Outcome {}

    /** Redis has no such job: it never had, or has forgotten it after the retention time. */
    record Unknown() implements Outcome {}

    static Outcome parse(String answer) {
        String[] words = answer.split(" ");
        return switch (words[0]) {
            case "OK" -> new Done();
            case "CLAIMED" -> new Claimed(Integer.parseInt(words[1]));
            case "OWNED" -> new Owned(Duration.ofMillis(Long.parseLong(words[1])));
            case "LOST" -> new Lost();
            case "EXISTS" -> new Exists();
            case "UNKNOWN" -> new Unknown();
            default -> new Terminal(JobState.valueOf(words[0]));
        };
    }
}
