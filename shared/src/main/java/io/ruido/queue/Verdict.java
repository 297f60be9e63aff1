package io.ruido.queue;

/** What becomes of a delivered record. */
public sealed interface Verdict {
    /** Done, or nothing left to do. */
    record Accept() implements Verdict {}

    /** Another worker should have it. That is no failure of this one's, and not counted as one. */
    record Release() implements Verdict {}

    /**
     * It can never be done: it goes to the dead-letter topic.
     *
     * @param reason told there, and to the job's client
     */
    record Reject(String reason) implements Verdict {}
}
