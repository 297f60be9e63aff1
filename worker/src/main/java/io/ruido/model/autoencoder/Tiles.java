package io.ruido.model.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Decodes big latents tile by tile, so that the memory for it does not grow with the image. Tiles overlap by a quarter and
 * are blended there, as diffusers does it.
 */
final class Tiles {
    private static final double OVERLAP = 0.25;

    private Tiles() {}

    /**
     * @param z (B, L, h, w)
     * @param side of a tile of z
     * @param pixels of a tile of the image
     * @param decode one tile
     * @return (B, C, H, W)
     */
    static NDArray decode(NDArray z, int side, int pixels, UnaryOperator<NDArray> decode) {
        int step = (int) (side * (1 - OVERLAP));
        int blend = (int) (pixels * OVERLAP);
        int kept = pixels - blend;
        List<NDArray> above = List.of();
        var rows = new NDList();
        for (int i = 0; i < z.getShape().get(2); i += step) {
            List<NDArray> row = new ArrayList<>();
            var cut = new NDList();
            for (int j = 0; j < z.getShape().get(3); j += step) {
                NDArray tile = decode.apply(
                        z.get(new NDIndex(":, :, {}:{}, {}:{}", i, end(z, 2, i + side), j, end(z, 3, j + side))));
                tile = row.size() < above.size() ? blended(above.get(row.size()), tile, blend, 2) : tile;
                tile = row.isEmpty() ? tile : blended(row.getLast(), tile, blend, 3);
                row.add(tile);
                cut.add(tile.get(new NDIndex(":, :, :{}, :{}", end(tile, 2, kept), end(tile, 3, kept))));
            }
            above = row;
            rows.add(NDArrays.concat(cut, 3));
        }
        return NDArrays.concat(rows, 2);
    }

    /**
     * The same where the opposite border is beyond a border: the result goes on beyond its end, and fades into its beginning.
     *
     * @param decode one tile, with a border of its own
     */
    static NDArray decodeSeamless(NDArray z, int side, int pixels, UnaryOperator<NDArray> decode) {
        int overlap = side - (int) (side * (1 - OVERLAP));
        NDArray tall = z.concat(part(z, 2, 0, Math.min(overlap, z.getShape().get(2))), 2);
        NDArray wide =
                tall.concat(part(tall, 3, 0, Math.min(overlap, z.getShape().get(3))), 3);
        NDArray result = decode(wide, side, pixels, decode);
        int scale = pixels / side;
        return joined(
                joined(result, 2, scale * z.getShape().get(2)),
                3,
                scale * z.getShape().get(3));
    }

    /** The first part along an axis, whose beginning continues what comes after it. */
    private static NDArray joined(NDArray result, int axis, long size) {
        long all = result.getShape().get(axis);
        return blended(part(result, axis, size, all), part(result, axis, 0, size), Math.toIntExact(all - size), axis);
    }

    private static long end(NDArray array, int axis, long wanted) {
        return Math.min(wanted, array.getShape().get(axis));
    }

    /** The tile, its beginning along an axis faded in over the end of the one before. */
    private static NDArray blended(NDArray before, NDArray tile, int most, int axis) {
        long size = tile.getShape().get(axis);
        int extent = (int) Math.min(Math.min(before.getShape().get(axis), size), most);
        float[] shares = new float[extent];
        for (int i = 0; i < extent; i++) {
            shares[i] = i / (float) extent;
        }
        NDManager scratch = tile.getManager();
        NDArray share = scratch.create(shares, axis == 2 ? new Shape(1, 1, extent, 1) : new Shape(1, 1, 1, extent));
        long from = before.getShape().get(axis) - extent;
        NDArray faded = part(before, axis, from, from + extent)
                .mul(share.mul(-1).add(1))
                .add(part(tile, axis, 0, extent).mul(share));
        return extent == size ? faded : faded.concat(part(tile, axis, extent, size), axis);
    }

    private static NDArray part(NDArray array, int axis, long from, long to) {
        return array.get(new NDIndex(axis == 2 ? ":, :, {}:{}" : ":, :, :, {}:{}", from, to));
    }
}
