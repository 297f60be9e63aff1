package io.ruido.image;

import io.ruido.job.InvalidFieldException;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/**
 * Bounds the time that a file may take to be decoded, which its size does not: a scan of a progressive JPEG of a few
 * bytes costs as much as all pixels. Decoding stops when the time is over, or when the client has disconnected.
 */
final class DecodingLimits {
    /** Encoders make about ten scans. */
    private static final int MAX_SCANS = 64;

    private static final Duration AT_MOST = Duration.ofSeconds(20);

    private final String field;
    private final BooleanSupplier abandoned;
    private final long end = System.nanoTime() + AT_MOST.toNanos();

    /** @param abandoned whether the client has disconnected */
    DecodingLimits(String field, BooleanSupplier abandoned) {
        this.field = field;
        this.abandoned = abandoned;
    }

    /**
     * Refuses a JPEG of too many scans (ITU-T T.81, B.1.1.3: a scan begins with FF DA, which no coded data contains).
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

    /** @throws InvalidFieldException when decoding has to end */
    void check() {
        if (abandoned.getAsBoolean()) {
            throw new InvalidFieldException(field, null, "was not decoded: the client has disconnected");
        }
        if (System.nanoTime() > end) {
            throw new InvalidFieldException(field, null, "takes longer to decode than " + AT_MOST.toSeconds() + " s");
        }
    }

    private boolean over() {
        return abandoned.getAsBoolean() || System.nanoTime() > end;
    }

    /** The bytes of the file, which end in an error when decoding has to. */
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
     * Has the reader stop between two rows. What it returns then is a part of the picture, so ask {@link #check} after
     * it.
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
