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

/** Latents to clips. */
final class WanDecoder {
    private final CausalConv3d convIn;
    private final WanMidBlock mid;
    private final List<Level> levels = new ArrayList<>();
    private final PositionNorm normOut;
    private final CausalConv3d convOut;

    WanDecoder(AutoencoderKLWanConfig config, Weights weights) {
        List<Integer> widths = config.dimMult().reversed().stream()
                .map(factor -> config.decoderBaseDim() * factor)
                .toList();
        List<Boolean> doublesTime = config.temporalDownsample().reversed();
        convIn = CausalConv3d.of(weights.at("conv_in"), config.zDim(), widths.getFirst(), 3);
        mid = WanMidBlock.of(weights.at("mid_block"), widths.getFirst());
        int in = widths.getFirst();
        for (int i = 0; i < widths.size(); i++) {
            Weights own = weights.at("up_blocks").at(i);
            int width = widths.get(i);
            boolean last = i == widths.size() - 1;
            boolean doubles = !last && doublesTime.get(i);
            int out = config.residual() || last ? width : width / 2;
            levels.add(new Level(
                    WanResidualBlock.several(own.at("resnets"), in, width, config.numResBlocks() + 1),
                    last ? Optional.empty() : Optional.of(upsample(config, own, width, out, doubles)),
                    config.residual() && !last ? Optional.of(Shortcut.of(weights, width, doubles)) : Optional.empty()));
            in = out;
        }
        normOut = PositionNorm.ofClips(weights.at("norm_out"), in);
        convOut = CausalConv3d.of(weights.at("conv_out"), in, config.outChannels(), 3);
    }

    private static WanResample upsample(
            AutoencoderKLWanConfig config, Weights weights, int width, int out, boolean doubles) {
        Weights own = config.residual()
                ? weights.at("upsampler")
                : weights.at("upsamplers").at(0);
        return WanResample.up(own, width, out, doubles);
    }

    NDArray forward(NDArray z, FrameCache cache) {
        boolean first = !cache.entered(this);
        NDArray h = Ops.consume(convIn.forward(z, cache), y -> mid.forward(y, cache));
        for (Level level : levels) {
            h = Ops.consume(h, y -> level.forward(y, cache, first));
        }
        return Ops.consume(Ops.consume(h, normOut::silu), y -> convOut.forward(y, cache));
    }

    private record Level(List<WanResidualBlock> resnets, Optional<WanResample> upsample, Optional<Shortcut> shortcut) {
        NDArray forward(NDArray x, FrameCache cache, boolean first) {
            NDArray h = WanResidualBlock.forward(resnets, x, cache);
            NDArray large =
                    upsample.isPresent() ? Ops.consume(h, y -> upsample.get().up(y, cache)) : h;
            return shortcut.isEmpty()
                    ? large
                    : Ops.consume(shortcut.get().forward(x, first), s -> Ops.call("add", s, large));
        }
    }

    private record Shortcut(NDArray frames, NDArray side, NDArray channels, NDArray isFirst, NDArray isLater) {
        static Shortcut of(Weights weights, int width, boolean doublesTime) {
            return new Shortcut(
                    weights.constant(doublesTime ? 2 : 1),
                    weights.constant(2),
                    weights.constant((long) width),
                    weights.constant(true),
                    weights.constant(false));
        }

        NDArray forward(NDArray x, boolean first) {
            return Ops.call("repeat_blocks", x, frames, side, channels, first ? isFirst : isLater);
        }
    }
}
