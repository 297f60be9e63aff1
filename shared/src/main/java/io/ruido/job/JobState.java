package io.ruido.job;

/**
 * The state of a job or of one of its images. A job goes QUEUED → ENCODING → SAMPLING → DECODING → SUCCEEDED; every
 * live state can also end in FAILED, CANCELLED or EXPIRED. A terminal state never changes.
 */
public enum JobState {
    QUEUED,
    ENCODING,
    SAMPLING,
    DECODING,
    SUCCEEDED,
    FAILED,
    CANCELLED,
    EXPIRED;

    public boolean terminal() {
        return this.compareTo(SUCCEEDED) >= 0;
    }
}
