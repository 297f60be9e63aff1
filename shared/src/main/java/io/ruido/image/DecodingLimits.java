package io.ruido.image;

import io.ruido.job.InvalidFieldException;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/**
 * Limits the time for decoding a file, which does not depend on its size: a scan of a few bytes in a progressive JPEG
 * costs as much as a pass over all pixels. Decoding also stops when the client has disconnected.
 */
final class DecodingLimits {
    /** Encoders write about ten scans. */
    private static final int MAX_SCANS = 64;

    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final String field;
    private final BooleanSupplier abandoned;
    private final long end = System.nanoTime() + TIMEOUT.toNanos();

    /** @param abandoned whether the client has disconnected */
    DecodingLimits(String field, BooleanSupplier abandoned) {
        this.field = field;
        this.abandoned = abandoned;
    }

    /**
     * Refuses a JPEG with too many scans (ITU-T T.81, B.1.1.3: a scan begins with FF DA, which no coded data contains).
     */
    static void checkScans(String field, byte[] jpeg) {
        int scans = 0;
        for (int i = 1; i < jpeg.length; i++) {
            if (jpeg[i] == (byte) 0xda && jpeg[i - 1] == (byte) 0xff && ++scans > MAX_SCANS) {
                throw new InvalidFieldException(
                        field,
                        "more than " + MAX_SCANS + " scans",
                        "must be a JPEG of at most " + MAX_SCANS + " scans");
            }
        }
    }

    /** @throws InvalidFieldException when decoding must stop */
    void check() {
        if (abandoned.getAsBoolean()) {
            throw new InvalidFieldException(field, null, "was not decoded: the client has disconnected");
        }
        if (System.nanoTime() > end) {
            throw new InvalidFieldException(field, null, "takes longer to decode than " + TIMEOUT.toSeconds() + " s");
        }
    }

    private boolean over() {
        return abandoned.getAsBoolean() || System.nanoTime() > end;
    }

    /** Returns the bytes of the file as a stream that fails when decoding must stop. */
    ByteArrayInputStream stream(byte[] file) {
        return new ByteArrayInputStream(file) {
            @Override
            public synchronized int read(byte[] into, int offset, int length) {
                check();
                return super.read(into, offset, length);
            }
        };
    }

    /**
     * Makes the reader stop between two rows when decoding must stop. It then returns a part of the image, so call
     * {@link #check} afterwards.
     */
    void watch(ImageReader reader) {
        reader.addIIOReadProgressListener(new Watch());
    }

    private final class Watch implements IIOReadProgressListener {
        @Override
        public void imageProgress(ImageReader source, float percentageDone) {
            if (over()) {
                source.abort();
            }
        }

        @Override
        public void sequenceStarted(ImageReader source, int minIndex) {}

        @Override
        public void sequenceComplete(ImageReader source) {}

        @Override
        public void imageStarted(ImageReader source, int imageIndex) {}

        @Override
        public void imageComplete(ImageReader source) {}

        @Override
        public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

        @Override
        public void thumbnailProgress(ImageReader source, float percentageDone) {}

        @Override
        public void thumbnailComplete(ImageReader source) {}

        @Override
        public void readAborted(ImageReader source) {}
    }
}
