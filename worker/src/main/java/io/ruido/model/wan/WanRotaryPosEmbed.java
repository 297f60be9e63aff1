package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Torch;

/**
 * Angles by which queries and keys are turned: "RoFormer: Enhanced Transformer with Rotary Position Embedding" (Su et al.,
 * 2021), §3.2, with a third of a head's values for each of a patch's frame, row and column.
 */
final class WanRotaryPosEmbed {
    private static final double PERIOD = 10000;

    /** Cosines and sines, each (N, 1, d/2). */
    record Angles(NDArray cos, NDArray sin) {}

    private final int headDim;
    private final double[] frequencies; // of each value of a head

    WanRotaryPosEmbed(int headDim) {
        this.headDim = headDim;
        int side = 2 * (headDim / 6);
        int time = headDim - 2 * side;
        frequencies = new double[headDim];
        fill(0, time);
        fill(time, side);
        fill(time + side, side);
    }

    private void fill(int from, int count) {
        for (int i = 0; i < count; i++) {
            frequencies[from + i] = 1 / Math.pow(PERIOD, (double) (i / 2 * 2) / count);
        }
    }

    /** The angles of a grid of patches, frame by frame and row by row. */
    Angles angles(NDManager manager, int frames, int rows, int columns) {
        int count = frames * rows * columns;
        int half = headDim / 2;
        float[] cos = new float[count * half];
        float[] sin = new float[count * half];
        for (int n = 0; n < count; n++) {
            int[] place = {n / (rows * columns), n / columns % rows, n % columns};
            for (int i = 0; i < half; i++) {
                cos[n * half + i] = (float) Math.cos(angle(place, 2 * i));
                sin[n * half + i] = (float) Math.sin(angle(place, 2 * i + 1));
            }
        }
        Shape shape = new Shape(count, 1, half);
        return new Angles(Torch.tensor(manager, cos, shape), Torch.tensor(manager, sin, shape));
    }

    /**
     * The angle of one value. Where a third of a head is odd, the axes share values differently from frequencies, as in
     * diffusers.
     */
    private double angle(int[] place, int value) {
        int third = headDim / 3;
        int time = headDim - 2 * third;
        int axis = value < time ? 0 : value < time + third ? 1 : 2;
        return place[axis] * frequencies[value];
    }
}
