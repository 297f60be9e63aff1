package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Other arrangements of a convolution's weight (K, C, k, k), with which the CPU is done sooner: oneDNN would rearrange it in
 * every call, and Winograd's algorithm needs another one, four times as large.
 */
final class Packing {
    /** With fewer channels the algorithm's own work outweighs what it saves. */
    private static final long WINOGRAD_MIN_CHANNELS = 256;

    /** Larger weights belong to small feature maps, where reading four times as much takes longer than multiplying. */
    private static final long WINOGRAD_MAX_PRODUCT = 1280 * 640;

    private Packing() {}

    /** Smaller kernels are matrix products, and need nothing. */
    static boolean packs(NDArray weight, long stride) {
        return !weight.getDevice().isGpu()
                && weight.getDataType() == DataType.FLOAT32
                && weight.getShape().get(2) > stride;
    }

    /** Closes the weight. */
    static NDArray pack(NDArray weight, long stride) {
        try (weight;
                NDArray step = weight.getManager().create(stride)) {
            return winograd(weight.getShape(), stride)
                    ? Ops.call("pack_winograd", weight)
                    : Ops.call("pack_convolution", weight, step);
        }
    }

    private static boolean winograd(Shape shape, long stride) {
        long k = shape.get(0);
        long c = shape.get(1);
        return stride == 1
                && shape.get(2) == 3
                && Math.min(k, c) >= WINOGRAD_MIN_CHANNELS
                && k * c <= WINOGRAD_MAX_PRODUCT;
    }
}
