package io.ruido.worker;

import java.util.Locale;

/** What a job spends its time with. */
enum Stage {
    /** In the queue, until a worker takes it. */
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
