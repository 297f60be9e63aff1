package io.ruido.worker;

import java.util.Locale;

/** What a job spends its time on: a label of metrics. */
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
