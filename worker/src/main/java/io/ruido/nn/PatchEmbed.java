package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An image as tokens: each patch a projection of its pixels (Dosovitskiy et al., 2021, §3.1) plus sinusoids of its place.
 *
 * <p>h and w patches beside each other, D width of a token.
 */
public final class PatchEmbed {
    private static final int PERIOD = 10000;

    private final Conv2d proj;
    private final int width;
    private final int baseSize;
    private final float scale;
    private final NDManager manager;
    private final Map<Shape, NDArray> positions = new ConcurrentHashMap<>();

    /**
     * @param width D, a multiple of 4
     * @param baseSize patches along a side of the images that the model was trained with; others are stretched to it
     * @param scale further divisor of places
     */
    public PatchEmbed(Weights weights, int channels, int width, int patch, int baseSize, double scale) {
        this.proj = Conv2d.of(weights.at("proj"), channels, width, patch);
        weights.refuseAdditions(proj.weight());
        this.width = width;
        this.baseSize = baseSize;
        this.scale = (float) scale;
        this.manager = weights.manager();
    }

    /** (B, C, H, W) to (B, h·w, D) */
    public NDArray forward(NDArray x) {
        NDArray patches = Ops.call("patches", x, proj.weight(), proj.bias()); // (B, D, h, w)
        Shape grid = patches.getShape().slice(2);
        NDArray places = positions.computeIfAbsent(
                grid, size -> Torch.tensor(manager, sinusoids(size), new Shape(1, size.size(), width)));
        return Ops.consume(patches, p -> p.reshape(p.getShape().get(0), width, -1)
                .transpose(0, 2, 1)
                .add(Ops.cast(places, p.getDataType())));
    }

    /** Sines and cosines of each patch's column, then of its row, patches row by row. */
    private float[] sinusoids(Shape grid) {
        int rows = (int) grid.get(0);
        int columns = (int) grid.get(1);
        float[] values = new float[rows * columns * width];
        int half = width / 2;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int at = (row * columns + column) * width;
                fill(values, at, place(column, columns));
                fill(values, at + half, place(row, rows));
            }
        }
        return values;
    }

    private float place(int index, int count) {
        return index / (float) ((double) count / baseSize) / scale;
    }

    private void fill(float[] values, int at, float place) {
        int quarter = width / 4;
        for (int i = 0; i < quarter; i++) {
            double angle = place / Math.pow(PERIOD, (double) i / quarter);
            values[at + i] = (float) Math.sin(angle);
            values[at + quarter + i] = (float) Math.cos(angle);
        }
    }
}
