package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * The size of a result.
 *
 * @param width in pixels
 * @param height in pixels
 * @param frames 1 for an image, more for a clip
 */
public record Geometry(int width, int height, int frames) {
    public Geometry {
        check(width > 0, "width", width, "must be positive");
        check(height > 0, "height", height, "must be positive");
        check(frames > 0, "frames", frames, "must be positive");
    }

    /** Returns the size of an image. */
    public static Geometry ofImage(int width, int height) {
        return new Geometry(width, height, 1);
    }

    /** Returns whether it is the size of a clip. */
    public boolean isClip() {
        return frames > 1;
    }

    /** Returns the number of pixels of all frames together. */
    public long pixels() {
        return (long) width * height * frames;
    }

    @Override
    public String toString() {
        return frames == 1 ? "%d × %d".formatted(width, height) : "%d × %d × %d".formatted(width, height, frames);
    }
}
