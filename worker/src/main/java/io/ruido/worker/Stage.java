package io.ruido.worker;

import java.util.Locale;

/** The stages of a job, as a label of metrics. */
enum Stage {
    /** Waiting in the queue until a worker takes the job. */
    QUEUED,
    ENCODING,
    /** Denoising, from the first step to the last. */
    SAMPLING,
    DECODING,
    UPLOADING;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
