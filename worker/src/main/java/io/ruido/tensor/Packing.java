package io.ruido.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Layouts of the weights (K, C, k, k) of convolutions and (K, C) of linear layers that are faster on the CPU. oneDNN
 * and MKL would otherwise rearrange the weights in every call, and Winograd's algorithm needs a transformed copy, four
 * times as large.
 */
public final class Packing {
    /** The minimum: with fewer channels the algorithm's own work outweighs what it saves. */
    private static final long WINOGRAD_MIN_CHANNELS = 256;

    /**
     * The smallest side for Winograd: on smaller maps, reading the larger weight takes longer than the saved
     * multiplications.
     */
    private static final int WINOGRAD_MIN_SIDE = 16;

    /**
     * Larger weights belong to small feature maps, for which the gain is too small for the memory of the larger copy.
     */
    private static final long WINOGRAD_MAX_PRODUCT = 640 * 320;

    /** Whether oneDNN knows bfloat16 on this processor, which asks for AVX-512 of those of x86. */
    private static final boolean BFLOAT16 = knowsBfloat16();

    private Packing() {}

    private static boolean knowsBfloat16() {
        try (NDArray answer = Ops.call("knows_bfloat16", Ops.none())) {
            return answer.toBooleanArray()[0];
        }
    }

    static boolean packs(NDArray weight) {
        return !weight.getDevice().isGpu()
                && switch (weight.getDataType()) {
                    case FLOAT32 -> true;
                    case BFLOAT16 -> BFLOAT16;
                    default -> false;
                };
    }

    /**
     * Returns whether to pack the weight of a linear layer. Without AVX-512, oneDNN sums in an order that depends on
     * the number of rows, so that a sample would depend on others in its batch.
     */
    static boolean packsLinear(NDArray weight) {
        return packs(weight) && BFLOAT16;
    }

    /** Closes the weight. */
    public static NDArray pack(NDArray weight) {
        try (weight) {
            return Ops.call("pack_linear", weight);
        }
    }

    /**
     * Closes the weight.
     *
     * @param side side of the maps that it is meant for
     */
    public static NDArray pack(NDArray weight, long stride, int side) {
        if (weight.getShape().get(2) == 1) {
            return pack(weight);
        }
        try (weight;
                NDArray step = weight.getManager().create(stride)) {
            return winograd(weight, stride, side)
                    ? Ops.call("pack_winograd", weight)
                    : Ops.call("pack_convolution", weight, step);
        }
    }

    private static boolean winograd(NDArray weight, long stride, int side) {
        Shape shape = weight.getShape();
        long k = shape.get(0);
        long c = shape.get(1);
        return weight.getDataType() == DataType.FLOAT32
                && stride == 1
                && side >= WINOGRAD_MIN_SIDE
                && shape.get(2) == 3
                && Math.min(k, c) >= WINOGRAD_MIN_CHANNELS
                && k * c <= WINOGRAD_MAX_PRODUCT;
    }
}
