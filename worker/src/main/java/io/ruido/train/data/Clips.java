package io.ruido.train.data;

/** Converts frames of clips to a model's input. */
public final class Clips {
    private Clips() {}

    /** Returns the number of frames of a clip; an image has one. */
    public static int frames(ImageFolder.Image clip, int side) {
        return clip.planes().length / (3 * side * side);
    }

    /**
     * Returns frames (3, T, S, S) in −1…1 of a clip, which is repeated if it is too short.
     *
     * @param side S
     * @param start the first of them
     * @param count T
     */
    static float[] levels(ImageFolder.Image clip, int side, int start, int count) {
        float[] levels = new float[3 * count * side * side];
        copy(clip, side, new Part(start, count, 0, 0, side, false), levels, 0);
        return levels;
    }

    /**
     * A part of a clip.
     *
     * @param start its first frame
     * @param frames how many
     * @param top first row
     * @param left first column
     * @param side rows and columns
     * @param flipped whether left and right are exchanged
     */
    public record Part(int start, int frames, int top, int left, int side, boolean flipped) {}

    /** Writes a part of a clip, (3, T, S, S) in −1…1. */
    public static void copy(ImageFolder.Image clip, int side, Part part, float[] levels, int offset) {
        int all = frames(clip, side);
        int at = offset;
        for (int channel = 0; channel < 3; channel++) {
            for (int frame = 0; frame < part.frames; frame++) {
                int plane = ((part.start + frame) % all * 3 + channel) * side;
                for (int y = 0; y < part.side; y++) {
                    int row = (plane + part.top + y) * side + part.left;
                    for (int x = 0; x < part.side; x++) {
                        levels[at++] = Images.level(clip.planes()[row + (part.flipped ? part.side - 1 - x : x)]);
                    }
                }
            }
        }
    }
}
