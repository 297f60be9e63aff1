package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/** Halves height and width by a 3×3 convolution with stride 2. */
public record Downsample(Conv2d conv, boolean asymmetric) {
    /** @param asymmetric whether zeros are added at the right and bottom only, as the autoencoder does */
    public static Downsample of(Weights weights, long channels, boolean asymmetric) {
        return new Downsample(Conv2d.of(weights.at("conv"), channels, channels, 3, 2), asymmetric);
    }

    /** (B, C, H, W) to (B, C, H/2, W/2) */
    public NDArray forward(NDArray x) {
        String operation = asymmetric ? "downsample_asymmetric" : "downsample";
        return Adapters.convolution(
                conv.weight(), conv.bias(), x, 2, y -> Ops.call(operation, y, conv.weight(), conv.bias()));
    }
}
