package io.ruido.model.unet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.ruido.nn.Downsample;
import io.ruido.nn.ResnetBlock;
import io.ruido.nn.ResnetBlock.Resampling;
import io.ruido.nn.TimeProjections;
import io.ruido.nn.Upsample;
import io.ruido.nn.attention.SpatialAttention;
import io.ruido.nn.attention.Transformer2D;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The way down, the middle and the way up of a U-Net: "Denoising Diffusion Probabilistic Models" (Ho et al., 2020),
 * appendix B, and "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et al., 2022), §3.3, with the
 * blocks and tensor names of diffusers.
 *
 * <p>B batch, C channels, H and W sides, D width of the timestep's embedding, T context tokens.
 */
final class UNetBody {
    /**
     * The inputs of every block in addition to the feature map.
     *
     * @param times for each residual block the timestep
     * @param plainTimes for each of those that want it without the non-linearity
     * @param context (B, T, D'), or nothing
     */
    private record BlockInputs(NDList times, NDList plainTimes, NDArray context) {}

    /** A part of a block. */
    @FunctionalInterface
    private interface Part {
        NDArray forward(NDArray x, BlockInputs inputs);
    }

    /** Doubles the sides, to those of the feature map that is joined next. */
    @FunctionalInterface
    private interface Upsampling {
        NDArray forward(NDArray x, NDArray next, BlockInputs inputs);
    }

    private final UNetBodyConfig config;
    private final TimeProjections times;
    private final TimeProjections plainTimes;
    private final List<Down> downs = new ArrayList<>();
    private final Optional<Mid> mid;
    private final List<Up> ups = new ArrayList<>();

    /** @param sides usual height and width of x */
    UNetBody(UNetBodyConfig config, Weights weights, List<Integer> sides) {
        this.config = config;
        times = new TimeProjections(weights, Optional.of(config.style().activation()));
        plainTimes = new TimeProjections(weights, Optional.empty());
        int levels = config.widths().size();
        int side = Collections.min(sides);
        for (int i = 0; i < levels; i++) {
            downs.add(down(weights.at("down_blocks").at(i).forMaps(side >> i), i));
        }
        int smallest = side >> levels - 1;
        mid = config.mid().map(settings -> mid(settings, weights.at("mid_block").forMaps(smallest)));
        for (int i = 0; i < levels; i++) {
            ups.add(up(weights.at("up_blocks").at(i).forMaps(smallest << i), i));
        }
        times.join();
        plainTimes.join();
    }

    /**
     * @param x (B, C, H, W), after the first convolution
     * @param context (B, T, D'), or {@link Ops#none()}
     * @return (B, C, H, W)
     */
    NDArray forward(NDArray x, NDArray temb, NDArray context) {
        var inputs = new BlockInputs(times.forward(temb), plainTimes.forward(temb), context);
        Deque<NDArray> skips = new ArrayDeque<>();
        skips.push(x);
        NDArray h = x;
        for (Down down : downs) {
            h = down.forward(h, inputs, skips);
        }
        if (mid.isPresent()) {
            h = mid.get().forward(h, inputs);
        }
        for (Up up : ups) {
            h = up.forward(h, inputs, skips);
        }
        return h;
    }

    /**
     * What the last layer of each level on the way down gives, and the middle; the way up is not taken.
     *
     * @return (B, C, H, W) with the channels of {@link #featureWidths()}
     */
    List<NDArray> features(NDArray x, NDArray temb, NDArray context) {
        var inputs = new BlockInputs(times.forward(temb), plainTimes.forward(temb), context);
        List<NDArray> features = new ArrayList<>();
        NDArray h = x;
        for (Down down : downs) {
            Deque<NDArray> results = new ArrayDeque<>();
            h = down.forward(h, inputs, results);
            if (down.downsample.isPresent()) {
                results.pop();
            }
            features.add(results.pop());
        }
        mid.ifPresent(middle -> features.add(middle.forward(features.getLast(), inputs)));
        return features;
    }

    List<Integer> featureWidths() {
        List<Integer> widths = new ArrayList<>(config.widths());
        mid.ifPresent(middle -> widths.add(widths.getLast()));
        return widths;
    }

    /** A residual block and the attention that follows it. */
    private record Layer(Part resnet, Optional<Part> attention) {
        NDArray forward(NDArray x, BlockInputs inputs) {
            NDArray h = resnet.forward(x, inputs);
            return attention.isPresent() ? Ops.consume(h, y -> attention.get().forward(y, inputs)) : h;
        }
    }

    /** Its input and all its results stay on the stack of skips. */
    private record Down(List<Layer> layers, Optional<Part> downsample) {
        NDArray forward(NDArray x, BlockInputs inputs, Deque<NDArray> skips) {
            NDArray h = x;
            for (Layer layer : layers) {
                h = layer.forward(h, inputs);
                skips.push(h);
            }
            if (downsample.isPresent()) {
                h = downsample.get().forward(h, inputs);
                skips.push(h);
            }
            return h;
        }
    }

    private record Mid(Layer first, List<Part> others) {
        NDArray forward(NDArray x, BlockInputs inputs) {
            NDArray h = first.forward(x, inputs);
            for (Part resnet : others) {
                h = Ops.consume(h, y -> resnet.forward(y, inputs));
            }
            return h;
        }
    }

    private record Up(List<Layer> layers, Optional<Upsampling> upsample) {
        NDArray forward(NDArray x, BlockInputs inputs, Deque<NDArray> skips) {
            NDArray h = x;
            for (Layer layer : layers) {
                NDArray skip = skips.pop();
                NDArray both = Ops.consume(h, y -> Ops.consume(skip, s -> y.concat(s, 1)));
                h = Ops.consume(both, y -> layer.forward(y, inputs));
            }
            return upsample.isPresent() ? Ops.consume(h, y -> upsample.get().forward(y, skips.peek(), inputs)) : h;
        }
    }

    private Down down(Weights weights, int level) {
        int width = config.widths().get(level);
        String type = config.downTypes().get(level);
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers().get(level); i++) {
            int in = i == 0 ? config.widths().get(Math.max(level - 1, 0)) : width;
            Weights attention = weights.at("attentions").at(i);
            int index = i;
            layers.add(new Layer(
                    resnet(weights.at("resnets").at(i), in, width, style(type), Resampling.NONE),
                    switch (type) {
                        case "AttnDownBlock2D" ->
                            Optional.of(
                                    pixels(attention, width, config.headDims().get(level)));
                        case "CrossAttnDownBlock2D" ->
                            Optional.of(cross(
                                    attention,
                                    width,
                                    cross().downLayers().get(level).get(index),
                                    cross().styles().get(level)));
                        default -> Optional.empty();
                    }));
        }
        return new Down(
                layers,
                level < config.widths().size() - 1
                        ? Optional.of(downsample(weights.at("downsamplers").at(0), type, width))
                        : Optional.empty());
    }

    private Part downsample(Weights weights, String type, int width) {
        if (byResnet(type, config.resnetDown())) {
            return resnet(weights, width, width, style(type), Resampling.DOWN);
        }
        var downsample = Downsample.of(weights, width, config.asymmetricDown());
        return (x, inputs) -> downsample.forward(x);
    }

    private Mid mid(UNetBodyConfig.Mid settings, Weights weights) {
        int level = config.widths().size() - 1;
        int width = config.widths().get(level);
        ResnetBlock.Style style = config.style().withDivisor(settings.divisor());
        Weights attention = weights.at("attentions").at(0);
        var first = new Layer(
                resnet(weights.at("resnets").at(0), width, width, style, Resampling.NONE),
                switch (settings.kind()) {
                    case PLAIN -> Optional.empty();
                    case PIXELS ->
                        Optional.of(pixels(
                                attention,
                                width,
                                config.headDims().get(level),
                                settings.attentionGroups(),
                                settings.divisor()));
                    case CROSS -> Optional.of(cross(attention, width, cross().midLayers(), cross().midStyle()));
                });
        List<Part> others = new ArrayList<>();
        for (int i = 1; i <= settings.layers(); i++) {
            others.add(resnet(weights.at("resnets").at(i), width, width, style, Resampling.NONE));
        }
        return new Mid(first, others);
    }

    private Up up(Weights weights, int block) {
        List<Integer> widths = config.widths();
        int level = widths.size() - 1 - block;
        int width = widths.get(level);
        String type = config.upTypes().get(block);
        int layerCount = config.layers().get(level) + 1;
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < layerCount; i++) {
            int in = i == 0 ? widths.get(Math.min(level + 1, widths.size() - 1)) : width;
            int skip = i == layerCount - 1 ? widths.get(Math.max(level - 1, 0)) : width;
            Weights attention = weights.at("attentions").at(i);
            int index = i;
            layers.add(new Layer(
                    resnet(weights.at("resnets").at(i), in + skip, width, style(type), Resampling.NONE),
                    switch (type) {
                        case "AttnUpBlock2D" ->
                            Optional.of(
                                    pixels(attention, width, config.upHeadDims().get(block)));
                        case "CrossAttnUpBlock2D" ->
                            Optional.of(cross(
                                    attention,
                                    width,
                                    cross().upLayers().get(block).get(index),
                                    cross().styles().get(level)));
                        default -> Optional.empty();
                    }));
        }
        return new Up(
                layers,
                level > 0 ? Optional.of(upsample(weights.at("upsamplers").at(0), type, width)) : Optional.empty());
    }

    private Upsampling upsample(Weights weights, String type, int width) {
        if (byResnet(type, config.resnetUp())) {
            Part resnet = resnet(weights, width, width, style(type), Resampling.UP);
            return (x, next, inputs) -> resnet.forward(x, inputs);
        }
        var upsample = Upsample.of(weights, width);
        return (x, next, inputs) -> upsample.forward(x, next);
    }

    private Part resnet(Weights weights, long in, long out, ResnetBlock.Style style, Resampling resampling) {
        var resnet = ResnetBlock.of(weights, in, out, style, resampling);
        int place = (style.timeActivated() ? plainTimes : times)
                .add(weights.at("time_emb_proj"), style.timeWidth(), style.scaleShift() ? 2 * out : out);
        return (x, inputs) -> {
            NDList projected = style.timeActivated() ? inputs.plainTimes : inputs.times;
            return resnet.forward(x, projected.get(place));
        };
    }

    private static boolean byResnet(String type, boolean withAttention) {
        return type.startsWith("Resnet") || type.startsWith("Attn") && withAttention;
    }

    private ResnetBlock.Style style(String type) {
        return type.startsWith("Resnet") ? config.resnetStyle() : config.style();
    }

    private Part pixels(Weights weights, int width, int headDim) {
        return pixels(
                weights, width, headDim, OptionalInt.of((int) config.style().groups()), 1);
    }

    private Part pixels(Weights weights, int width, int headDim, OptionalInt groups, double divisor) {
        var attention = SpatialAttention.of(
                weights, width, headDim, groups, config.style().eps(), divisor);
        return (x, inputs) -> attention.forward(x);
    }

    private static Part cross(Weights weights, int width, int blocks, Transformer2D.Style style) {
        var transformer = Transformer2D.of(weights, width, blocks, style);
        return (x, inputs) -> transformer.forward(x, inputs.context);
    }

    private UNetBodyConfig.Cross cross() {
        return config.cross().orElseThrow();
    }
}
