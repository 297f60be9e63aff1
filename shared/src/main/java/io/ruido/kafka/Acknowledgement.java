package io.ruido.kafka;

/** How a delivered record is acknowledged. */
public sealed interface Acknowledgement {
    /** Done, or nothing left to do. */
    record Accept() implements Acknowledgement {}

    /** Another worker should get the record. This is not counted as a failure. */
    record Release() implements Acknowledgement {}

    /**
     * The job can never succeed: it goes to the dead-letter topic.
     *
     * @param reason reason of the failure, for the dead letter and the job's client
     */
    record Reject(String reason) implements Acknowledgement {}
}
