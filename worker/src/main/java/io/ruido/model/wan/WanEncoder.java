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

/** Clips to the parameters of a distribution over latents. */
final class WanEncoder {
    private final CausalConv3d convIn;
    private final List<Level> levels = new ArrayList<>();
    private final WanMidBlock mid;
    private final PositionNorm normOut;
    private final CausalConv3d convOut;

    WanEncoder(AutoencoderKLWanConfig config, Weights weights) {
        int base = config.baseDim();
        convIn = CausalConv3d.of(weights.at("conv_in"), config.inChannels(), base, 3);
        int in = base;
        int place = 0; // in the flat list of an encoder without shortcuts
        for (int i = 0; i < config.dimMult().size(); i++) {
            int width = base * config.dimMult().get(i);
            boolean last = i == config.dimMult().size() - 1;
            boolean halvesTime = !last && config.temporalDownsample().get(i);
            Weights blocks = weights.at("down_blocks");
            if (config.residual()) {
                Weights own = blocks.at(i);
                levels.add(new Level(
                        WanResidualBlock.several(own.at("resnets"), in, width, config.numResBlocks()),
                        last
                                ? Optional.empty()
                                : Optional.of(WanResample.down(own.at("downsampler"), width, halvesTime)),
                        Optional.of(Shortcut.of(weights, width, halvesTime, !last))));
            } else {
                List<WanResidualBlock> resnets = new ArrayList<>();
                for (int k = 0; k < config.numResBlocks(); k++) {
                    resnets.add(WanResidualBlock.of(blocks.at(place++), k == 0 ? in : width, width));
                }
                levels.add(new Level(
                        resnets,
                        last ? Optional.empty() : Optional.of(WanResample.down(blocks.at(place++), width, halvesTime)),
                        Optional.empty()));
            }
            in = width;
        }
        mid = WanMidBlock.of(weights.at("mid_block"), in);
        normOut = PositionNorm.ofClips(weights.at("norm_out"), in);
        convOut = CausalConv3d.of(weights.at("conv_out"), in, 2L * config.zDim(), 3);
    }

    NDArray forward(NDArray x, FrameCache cache) {
        NDArray h = convIn.forward(x, cache);
        for (Level level : levels) {
            h = Ops.consume(h, y -> level.forward(y, cache));
        }
        NDArray m = Ops.consume(h, y -> mid.forward(y, cache));
        return Ops.consume(Ops.consume(m, normOut::silu), y -> convOut.forward(y, cache));
    }

    private record Level(
            List<WanResidualBlock> resnets, Optional<WanResample> downsample, Optional<Shortcut> shortcut) {
        NDArray forward(NDArray x, FrameCache cache) {
            NDArray h = WanResidualBlock.forward(resnets, x, cache);
            NDArray small = downsample.isPresent()
                    ? Ops.consume(h, y -> downsample.get().down(y, cache))
                    : h;
            return shortcut.isEmpty() ? small : Ops.consume(shortcut.get().forward(x), s -> Ops.call("add", s, small));
        }
    }

    private record Shortcut(NDArray frames, NDArray side, NDArray channels) {
        static Shortcut of(Weights weights, int width, boolean halvesTime, boolean halvesSides) {
            return new Shortcut(
                    weights.constant(halvesTime ? 2 : 1), weights.constant(halvesSides ? 2 : 1), weights.constant((long)
                            width));
        }

        NDArray forward(NDArray x) {
            return Ops.call("average_blocks", x, frames, side, channels);
        }
    }
}
