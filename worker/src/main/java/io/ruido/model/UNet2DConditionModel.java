package io.ruido.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Downsample;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.Ops;
import io.ruido.nn.ResnetBlock;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.nn.Transformer2D;
import io.ruido.nn.Upsample;
import io.ruido.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The conditional U-Net of Stable Diffusion: "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et
 * al., 2022), §3.2–3.3, with the tensor names of diffusers' {@code UNet2DConditionModel}.
 *
 * <p>B batch, C latent channels, H and W sides of the latents, T context tokens, D their width.
 */
public final class UNet2DConditionModel {
    private final UNetConfig config;
    private final TimestepEmbedding timeEmbedding;
    private final Conv2d convIn;
    private final List<Down> downs = new ArrayList<>();
    private final Mid mid;
    private final List<Up> ups = new ArrayList<>();
    private final GroupNorm normOut;
    private final Conv2d convOut;

    public UNet2DConditionModel(UNetConfig config, Weights weights) {
        this.config = config;
        List<Integer> widths = config.blockOutChannels();
        int first = widths.getFirst();
        int levels = widths.size();
        convIn = Conv2d.of(weights.at("conv_in"), config.inChannels(), first, 3);
        timeEmbedding = TimestepEmbedding.of(
                weights.at("time_embedding"), first, timeWidth(), config.flipSinToCos(), config.freqShift());
        for (int i = 0; i < levels; i++) {
            downs.add(down(weights.at("down_blocks").at(i), i));
        }
        mid = mid(weights.at("mid_block"));
        for (int i = 0; i < levels; i++) {
            ups.add(up(weights.at("up_blocks").at(i), i));
        }
        normOut = GroupNorm.of(weights.at("conv_norm_out"), first, config.normNumGroups(), config.normEps());
        convOut = Conv2d.of(weights.at("conv_out"), first, config.outChannels(), 3);
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static UNet2DConditionModel read(Path folder, NDManager manager, DataType type) throws IOException {
        Weights weights = Weights.read(folder, manager, type);
        var model = new UNet2DConditionModel(UNetConfig.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    public UNetConfig config() {
        return config;
    }

    /**
     * The prediction for noisy latents: of the noise, or what else the model was trained to predict.
     *
     * @param latents (B, C, H, W), sides divisible by {@link UNetConfig#divisor()}
     * @param timesteps (B) of type float32, one for each sample
     * @param context (B, T, D)
     * @return (B, C, H, W)
     */
    public NDArray forward(NDArray latents, NDArray timesteps, NDArray context) {
        NDArray temb = timeEmbedding.forward(timesteps); // (B, timeWidth)
        NDArray h = convIn.forward(latents);
        Deque<NDArray> skips = new ArrayDeque<>();
        skips.push(h);
        for (Down down : downs) {
            h = down.forward(h, temb, context, skips);
        }
        h = mid.forward(h, temb, context);
        for (Up up : ups) {
            h = up.forward(h, temb, context, skips);
        }
        return Ops.consume(Ops.consume(h, normOut::silu), convOut::forward);
    }

    /** A residual block and, in blocks with cross-attention, the transformer that follows it. */
    private record Layer(ResnetBlock resnet, Optional<Transformer2D> attention) {
        NDArray forward(NDArray x, NDArray temb, NDArray context) {
            NDArray h = resnet.forward(x, temb);
            return attention.isPresent() ? Ops.consume(h, y -> attention.get().forward(y, context)) : h;
        }
    }

    /** Its input and all its results stay on the stack of skips. */
    private record Down(List<Layer> layers, Optional<Downsample> downsample) {
        NDArray forward(NDArray x, NDArray temb, NDArray context, Deque<NDArray> skips) {
            NDArray h = x;
            for (Layer layer : layers) {
                h = layer.forward(h, temb, context);
                skips.push(h);
            }
            if (downsample.isPresent()) {
                h = downsample.get().forward(h);
                skips.push(h);
            }
            return h;
        }
    }

    private record Mid(Layer first, Optional<ResnetBlock> second) {
        NDArray forward(NDArray x, NDArray temb, NDArray context) {
            NDArray h = first.forward(x, temb, context);
            return second.isPresent() ? Ops.consume(h, y -> second.get().forward(y, temb)) : h;
        }
    }

    private record Up(List<Layer> layers, Optional<Upsample> upsample) {
        NDArray forward(NDArray x, NDArray temb, NDArray context, Deque<NDArray> skips) {
            NDArray h = x;
            for (Layer layer : layers) {
                NDArray skip = skips.pop();
                NDArray both = Ops.consume(h, y -> Ops.consume(skip, s -> y.concat(s, 1)));
                h = Ops.consume(both, y -> layer.forward(y, temb, context));
            }
            return upsample.isPresent() ? Ops.consume(h, upsample.get()::forward) : h;
        }
    }

    private Down down(Weights weights, int level) {
        List<Integer> widths = config.blockOutChannels();
        int width = widths.get(level);
        boolean attention = config.downBlockTypes().get(level).equals("CrossAttnDownBlock2D");
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layersPerBlock().get(level); i++) {
            int in = i == 0 ? widths.get(Math.max(level - 1, 0)) : width;
            layers.add(layer(weights, i, in, level, attention));
        }
        return new Down(
                layers,
                level < widths.size() - 1
                        ? Optional.of(Downsample.of(weights.at("downsamplers").at(0), width, false))
                        : Optional.empty());
    }

    private Mid mid(Weights weights) {
        int level = config.blockOutChannels().size() - 1;
        int width = config.blockOutChannels().get(level);
        boolean attention = config.midBlockType().equals("UNetMidBlock2DCrossAttn");
        return new Mid(
                layer(weights, 0, width, level, attention),
                attention ? Optional.of(resnet(weights.at("resnets").at(1), width, width)) : Optional.empty());
    }

    private Up up(Weights weights, int block) {
        List<Integer> widths = config.blockOutChannels();
        int level = widths.size() - 1 - block;
        int width = widths.get(level);
        int layerCount = config.layersPerBlock().get(level) + 1;
        boolean attention = config.upBlockTypes().get(block).equals("CrossAttnUpBlock2D");
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < layerCount; i++) {
            int in = i == 0 ? widths.get(Math.min(level + 1, widths.size() - 1)) : width;
            int skip = i == layerCount - 1 ? widths.get(Math.max(level - 1, 0)) : width;
            layers.add(layer(weights, i, in + skip, level, attention));
        }
        return new Up(
                layers,
                level > 0 ? Optional.of(Upsample.of(weights.at("upsamplers").at(0), width)) : Optional.empty());
    }

    private Layer layer(Weights weights, int index, int in, int level, boolean attention) {
        int width = config.blockOutChannels().get(level);
        return new Layer(
                resnet(weights.at("resnets").at(index), in, width),
                attention
                        ? Optional.of(Transformer2D.of(
                                weights.at("attentions").at(index),
                                width,
                                config.crossAttentionDim(),
                                config.attentionHeadDim().get(level),
                                config.transformerLayersPerBlock().get(level),
                                config.normNumGroups(),
                                config.useLinearProjection()))
                        : Optional.empty());
    }

    private ResnetBlock resnet(Weights weights, int in, int out) {
        return ResnetBlock.of(weights, in, out, timeWidth(), config.normNumGroups(), config.normEps());
    }

    private int timeWidth() {
        return 4 * config.blockOutChannels().getFirst();
    }
}
