package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.CausalConv3d;
import io.ruido.nn.FrameCache;
import io.ruido.nn.PositionNorm;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Two causal convolutions beside a shortcut. */
record WanResidualBlock(
        PositionNorm norm1,
        CausalConv3d conv1,
        PositionNorm norm2,
        CausalConv3d conv2,
        Optional<CausalConv3d> shortcut) {
    static WanResidualBlock of(Weights weights, int in, int out) {
        return new WanResidualBlock(
                PositionNorm.ofClips(weights.at("norm1"), in),
                CausalConv3d.of(weights.at("conv1"), in, out, 3),
                PositionNorm.ofClips(weights.at("norm2"), out),
                CausalConv3d.of(weights.at("conv2"), out, out, 3),
                in == out ? Optional.empty() : Optional.of(CausalConv3d.of(weights.at("conv_shortcut"), in, out, 1)));
    }

    static List<WanResidualBlock> several(Weights weights, int in, int out, int count) {
        List<WanResidualBlock> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(of(weights.at(i), i == 0 ? in : out, out));
        }
        return List.copyOf(blocks);
    }

    /** Through one after another. */
    static NDArray forward(List<WanResidualBlock> blocks, NDArray x, FrameCache cache) {
        NDArray h = blocks.getFirst().forward(x, cache);
        for (WanResidualBlock block : blocks.subList(1, blocks.size())) {
            h = Ops.consume(h, y -> block.forward(y, cache));
        }
        return h;
    }

    NDArray forward(NDArray x, FrameCache cache) {
        NDArray h = Ops.consume(norm1.silu(x), y -> conv1.forward(y, cache));
        NDArray g = Ops.consume(Ops.consume(h, norm2::silu), y -> conv2.forward(y, cache));
        if (shortcut.isEmpty()) {
            return Ops.call("add", x, g);
        }
        return Ops.consume(shortcut.get().forward(x, cache), s -> Ops.call("add", s, g));
    }
}
