package io.ruido.model.autoencoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Network;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Downsample;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.ResnetBlock;
import io.ruido.nn.Upsample;
import io.ruido.nn.attention.SpatialAttention;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The autoencoder of latent diffusion: "High-Resolution Image Synthesis with Latent Diffusion Models" (Rombach et al.,
 * 2022), §3.1, with the tensor names of diffusers' {@code AutoencoderKL}.
 *
 * <p>B batch, C channels, H and W sides of the image, L latent channels, f downscale, h = H/f, w = W/f.
 */
public final class AutoencoderKL implements Autoencoder {
    public static final Network<AutoencoderKL> NETWORK = new Network<>(
            "AutoencoderKL", (config, weights) -> new AutoencoderKL(AutoencoderKLConfig.of(config), weights));

    private static final double EPS = 1e-6;

    private final AutoencoderKLConfig config;
    private final Encoder encoder;
    private final Decoder decoder;
    private final Optional<Conv2d> quantConv;
    private final Optional<Conv2d> postQuantConv;

    public AutoencoderKL(AutoencoderKLConfig config, Weights weights) {
        this.config = config;
        int latent = config.latentChannels();
        encoder = Encoder.of(config, weights.at("encoder"));
        decoder = Decoder.of(config, weights.at("decoder"));
        quantConv = config.useQuantConv()
                ? Optional.of(Conv2d.of(weights.at("quant_conv"), 2 * latent, 2 * latent, 1))
                : Optional.empty();
        postQuantConv = config.usePostQuantConv()
                ? Optional.of(Conv2d.of(weights.at("post_quant_conv"), latent, latent, 1))
                : Optional.empty();
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static AutoencoderKL read(Path folder, NDManager manager, DataType type) throws IOException {
        // Not packed: on large maps Winograd's algorithm takes several times their memory.
        Weights weights = Weights.read(folder, manager, type);
        var model = new AutoencoderKL(AutoencoderKLConfig.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    @Override
    public AutoencoderKLConfig config() {
        return config;
    }

    @Override
    public NDArray moments(NDArray images) {
        NDArray h = encoder.forward(images); // (B, 2L, h, w)
        return quantConv.isPresent() ? Ops.consume(h, quantConv.get()::forward) : h;
    }

    @Override
    public NDArray decodeWhole(NDArray latents) {
        return postQuantConv.isPresent()
                ? Ops.consume(postQuantConv.get().forward(latents), decoder::forward)
                : decoder.forward(latents);
    }

    private record Encoder(Conv2d convIn, List<Level> levels, MidBlock mid, GroupNorm normOut, Conv2d convOut) {
        record Level(List<ResnetBlock> resnets, Optional<Downsample> downsample) {}

        static Encoder of(AutoencoderKLConfig config, Weights weights) {
            List<Integer> widths = config.blockOutChannels();
            List<Level> levels = new ArrayList<>();
            for (int i = 0; i < widths.size(); i++) {
                Weights block = weights.at("down_blocks").at(i);
                int width = widths.get(i);
                levels.add(new Level(
                        resnets(
                                block.at("resnets"),
                                widths.get(Math.max(i - 1, 0)),
                                width,
                                config.layersPerBlock(),
                                config),
                        i < widths.size() - 1
                                ? Optional.of(
                                        Downsample.of(block.at("downsamplers").at(0), width, true))
                                : Optional.empty()));
            }
            return new Encoder(
                    Conv2d.of(weights.at("conv_in"), config.inChannels(), widths.getFirst(), 3),
                    levels,
                    MidBlock.of(config, weights.at("mid_block")),
                    GroupNorm.of(weights.at("conv_norm_out"), widths.getLast(), config.normNumGroups(), EPS),
                    Conv2d.of(weights.at("conv_out"), widths.getLast(), 2 * config.latentChannels(), 3));
        }

        NDArray forward(NDArray x) {
            NDArray h = convIn.forward(x);
            for (Level level : levels) {
                for (ResnetBlock resnet : level.resnets) {
                    h = Ops.consume(h, resnet::forward);
                }
                h = level.downsample.isPresent() ? Ops.consume(h, level.downsample.get()::forward) : h;
            }
            return Ops.consume(Ops.consume(Ops.consume(h, mid::forward), normOut::silu), convOut::forward);
        }
    }

    private record Decoder(Conv2d convIn, MidBlock mid, List<Level> levels, GroupNorm normOut, Conv2d convOut) {
        record Level(List<ResnetBlock> resnets, Optional<Upsample> upsample) {}

        static Decoder of(AutoencoderKLConfig config, Weights weights) {
            List<Integer> widths = config.blockOutChannels().reversed();
            Conv2d convIn = Conv2d.of(weights.at("conv_in"), config.latentChannels(), widths.getFirst(), 3);
            MidBlock mid = MidBlock.of(config, weights.at("mid_block"));
            List<Level> levels = new ArrayList<>();
            for (int i = 0; i < widths.size(); i++) {
                Weights block = weights.at("up_blocks").at(i);
                int width = widths.get(i);
                levels.add(new Level(
                        resnets(
                                block.at("resnets"),
                                widths.get(Math.max(i - 1, 0)),
                                width,
                                config.layersPerBlock() + 1,
                                config),
                        i < widths.size() - 1
                                ? Optional.of(Upsample.of(block.at("upsamplers").at(0), width))
                                : Optional.empty()));
            }
            return new Decoder(
                    convIn,
                    mid,
                    levels,
                    GroupNorm.of(weights.at("conv_norm_out"), widths.getLast(), config.normNumGroups(), EPS),
                    Conv2d.of(weights.at("conv_out"), widths.getLast(), config.outChannels(), 3));
        }

        NDArray forward(NDArray z) {
            NDArray h = Ops.consume(convIn.forward(z), mid::forward);
            for (Level level : levels) {
                for (ResnetBlock resnet : level.resnets) {
                    h = Ops.consume(h, resnet::forward);
                }
                h = level.upsample.isPresent() ? Ops.consume(h, level.upsample.get()::forward) : h;
            }
            return Ops.consume(Ops.consume(h, normOut::silu), convOut::forward);
        }
    }

    private record MidBlock(ResnetBlock before, Optional<SpatialAttention> attention, ResnetBlock after) {
        static MidBlock of(AutoencoderKLConfig config, Weights weights) {
            int width = config.blockOutChannels().getLast();
            int groups = config.normNumGroups();
            return new MidBlock(
                    ResnetBlock.of(weights.at("resnets").at(0), width, width, style(config)),
                    config.midBlockAddAttention()
                            ? Optional.of(
                                    SpatialAttention.of(weights.at("attentions").at(0), width, width, groups, EPS))
                            : Optional.empty(),
                    ResnetBlock.of(weights.at("resnets").at(1), width, width, style(config)));
        }

        NDArray forward(NDArray x) {
            NDArray h = before.forward(x);
            h = attention.isPresent() ? Ops.consume(h, attention.get()::forward) : h;
            return Ops.consume(h, after::forward);
        }
    }

    private static List<ResnetBlock> resnets(Weights weights, int in, int out, int count, AutoencoderKLConfig config) {
        List<ResnetBlock> resnets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            resnets.add(ResnetBlock.of(weights.at(i), i == 0 ? in : out, out, style(config)));
        }
        return List.copyOf(resnets);
    }

    private static ResnetBlock.Style style(AutoencoderKLConfig config) {
        return ResnetBlock.Style.plain(config.normNumGroups(), EPS, config.activation());
    }
}
