package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.ruido.nn.Activation;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Downsample;
import io.ruido.nn.GroupNorm;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells patches of pictures from patches of reconstructions (Isola et al. 2017, §3.2.2), so that an autoencoder is not
 * content with blurred ones.
 *
 * <p>It learns from the same loss as the autoencoder, whose gradient is turned round between the two: "Domain-Adversarial
 * Training of Neural Networks" (Ganin et al. 2016), equation 18. So both are trained by one optimizer and one backward
 * pass.
 *
 * <p>B batch, C channels, S side of the pictures, s side of the map of patches.
 */
final class PatchDiscriminator {
    /** Where its tensors lie among those of the autoencoder. */
    static final String NAME = "discriminator";

    private static final int GROUPS = 4;

    private final List<Level> levels = new ArrayList<>();
    private final Conv2d out;
    private final DataType type;

    private record Level(Conv2d conv, GroupNorm norm, Downsample down) {}

    /**
     * @param widths channels of its levels, each of which halves the sides; divisible by 4
     * @param type to compute in
     */
    PatchDiscriminator(Weights weights, List<Integer> widths, DataType type) {
        this.type = type;
        int in = 3;
        for (int i = 0; i < widths.size(); i++) {
            Weights level = weights.at(i);
            int width = widths.get(i);
            levels.add(new Level(
                    Conv2d.of(level.at("conv"), in, width, 3),
                    GroupNorm.of(level.at("norm"), width, GROUPS, 1e-6),
                    Downsample.of(level.at("down"), width, false)));
            in = width;
        }
        out = Conv2d.of(weights.at("out"), in, 1, 3);
    }

    /** (B, 3, S, S) to (B, 1, s, s): above 0 what it takes for a picture's, below what it takes for a reconstruction's. */
    private NDArray forward(NDArray x) {
        NDArray h = Ops.cast(x, type);
        for (Level level : levels) {
            h = level.down.forward(level.norm.silu(level.conv.forward(h))); // (B, C, S/2, S/2)
        }
        return Ops.cast(out.forward(h), DataType.FLOAT32);
    }

    /**
     * The hinge loss of pictures and their reconstructions, which the discriminator makes small and the autoencoder large.
     *
     * @param weight of the gradient that reaches the reconstructions
     */
    NDArray loss(NDArray pictures, NDArray reconstructions, double weight) {
        NDArray fixed = reconstructions.stopGradient();
        NDArray turned = fixed.add(fixed.sub(reconstructions).mul((float) weight)); // the same values, gradient −weight
        NDArray real = Activation.RELU.forward(forward(pictures).neg().add(1));
        NDArray made = Activation.RELU.forward(forward(turned).add(1));
        return real.mean().add(made.mean());
    }
}
