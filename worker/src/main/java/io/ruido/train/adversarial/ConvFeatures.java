package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Downsample;
import io.ruido.nn.GroupNorm;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.List;

/** Features that are learned with the discriminator: levels of a convolution each, every one at half the sides. */
public final class ConvFeatures implements FeatureMaps {
    private static final int GROUPS = 4;

    private final List<Integer> widths;
    private final DataType type;
    private final List<Level> levels = new ArrayList<>();

    private record Level(Conv2d conv, GroupNorm norm, Downsample down) {}

    /**
     * @param channels number of channels of x
     * @param widths channels of the levels; multiples of 4
     * @param type to compute in
     */
    public ConvFeatures(Weights weights, int channels, List<Integer> widths, DataType type) {
        this.widths = widths;
        this.type = type;
        int in = channels;
        for (int i = 0; i < widths.size(); i++) {
            Weights level = weights.at(i);
            int width = widths.get(i);
            levels.add(new Level(
                    Conv2d.of(level.at("conv"), in, width, 3),
                    GroupNorm.of(level.at("norm"), width, GROUPS, 1e-6),
                    Downsample.of(level.at("down"), width, false)));
            in = width;
        }
    }

    @Override
    public List<NDArray> of(NDArray x, NDArray timesteps, NDArray states) {
        List<NDArray> maps = new ArrayList<>();
        NDArray h = Ops.cast(x, type);
        for (Level level : levels) {
            h = level.down.forward(level.norm.silu(level.conv.forward(h))); // (B, C', H/2, W/2)
            maps.add(Ops.cast(h, DataType.FLOAT32));
        }
        return maps;
    }

    @Override
    public List<Integer> widths() {
        return widths;
    }
}
