package io.ruido.model.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.nn.Activation;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.PatchEmbed;
import io.ruido.nn.Sinusoids;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.nn.attention.Attention;
import io.ruido.nn.attention.FeedForward;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * "PixArt-α: Fast Training of Diffusion Transformer for Photorealistic Text-to-Image Synthesis" (Chen et al., 2023),
 * §2.3, and PixArt-Σ (Chen et al., 2024), with the tensor names of diffusers' {@code PixArtTransformer2DModel}.
 *
 * <p>B batch, C channels, H and W sides, N patches, T text tokens, D width of a token, p side of a patch.
 */
public final class PixArtTransformer2DModel implements Denoiser {
    public static final Network<PixArtTransformer2DModel> NETWORK = new Network<>(
            "PixArtTransformer2DModel",
            (config, weights) -> new PixArtTransformer2DModel(PixArtConfig.of(config), weights));

    private static final int SINUSOIDS = 256;
    private static final double EPS = 1e-6;
    private static final int HIDDEN = 10000;

    private final PixArtConfig config;
    private final PatchEmbed posEmbed;
    private final StepAndSize adalnSingle;
    private final Linear modulation;
    private final Optional<FeedForward> captionProjection;
    private final List<Block> blocks;
    private final LayerNorm normOut;
    private final NDArray scaleShiftTable;
    private final Linear projOut;

    public PixArtTransformer2DModel(PixArtConfig config, Weights weights) {
        this.config = config;
        int width = config.width();
        int patch = config.patchSize();
        posEmbed = new PatchEmbed(
                weights.at("pos_embed"),
                config.inChannels(),
                width,
                patch,
                config.sampleSize() / patch,
                config.interpolationScale());
        adalnSingle = StepAndSize.of(config, weights.at("adaln_single").at("emb"));
        modulation = Linear.of(weights.at("adaln_single").at("linear"), width, 6L * width);
        captionProjection = config.captionChannels().isPresent()
                ? Optional.of(captions(
                        weights.at("caption_projection"),
                        config.captionChannels().getAsInt(),
                        width))
                : Optional.empty();
        blocks = IntStream.range(0, config.numLayers())
                .mapToObj(i -> Block.of(config, weights.at("transformer_blocks").at(i)))
                .toList();
        normOut = LayerNorm.plain(weights, EPS);
        scaleShiftTable = weights.get("scale_shift_table", Init.fan(width), 2, width);
        projOut = Linear.of(weights.at("proj_out"), width, (long) patch * patch * config.outChannels());
    }

    private static FeedForward captions(Weights weights, int in, int width) {
        return FeedForward.of(
                weights,
                Activation.GELU_TANH,
                Linear.of(weights.at("linear_1"), in, width),
                Linear.of(weights.at("linear_2"), width, width));
    }

    @Override
    public PixArtConfig config() {
        return config;
    }

    @Override
    public Sizes sizeNumbers() {
        return config.useAdditionalConditions() ? Sizes.SIDES_AND_RATIO : Sizes.NONE;
    }

    /**
     * {@code conditioning.sizes()} are height, width and aspect ratio (B, 3), for a model that is conditioned on them.
     */
    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        long batch = latents.getShape().get(0);
        NDArray x = posEmbed.forward(latents); // (B, N, D)
        NDArray emb = adalnSingle.forward(timesteps, conditioning.sizes()); // (B, D)
        NDArray steps = modulation.ofSilu(emb).reshape(batch, 6, -1); // (B, 6, D)
        NDArray states = conditioning.states();
        NDArray context =
                captionProjection.isPresent() ? captionProjection.get().forward(states) : states; // (B, T, D)
        NDArray mask = mask(conditioning.mask());
        for (Block block : blocks) {
            x = Ops.consume(x, tokens -> block.forward(tokens, steps, context, mask));
        }
        NDList out = emb.expandDims(1).add(scaleShiftTable).split(2, 1); // shift, scale (B, 1, D)
        NDArray tokens = projOut.forward(normOut.modulated(x, out.get(1), out.get(0))); // (B, N, p·p·C)
        return Patches.join(tokens, latents, config.patchSize());
    }

    /** What is added to the scores of attention to a text, (B, 1, 1, T). */
    private static NDArray mask(NDArray mask) {
        return mask.isEmpty()
                ? mask
                : mask.toType(DataType.FLOAT32, false)
                        .sub(1)
                        .mul(HIDDEN)
                        .expandDims(1)
                        .expandDims(1);
    }

    /** The timestep's embedding and, beside each other, those of the image's height, width and aspect ratio. */
    private record StepAndSize(
            Sinusoids sinusoids,
            TimestepEmbedding timestep,
            Optional<TimestepEmbedding> resolution,
            Optional<TimestepEmbedding> aspectRatio) {
        static StepAndSize of(PixArtConfig config, Weights weights) {
            boolean sizes = config.useAdditionalConditions();
            int third = config.width() / 3;
            return new StepAndSize(
                    Sinusoids.of(weights, SINUSOIDS, true, 0),
                    TimestepEmbedding.of(weights.at("timestep_embedder"), SINUSOIDS, config.width()),
                    sizes
                            ? Optional.of(TimestepEmbedding.of(weights.at("resolution_embedder"), SINUSOIDS, third))
                            : Optional.empty(),
                    sizes
                            ? Optional.of(TimestepEmbedding.of(weights.at("aspect_ratio_embedder"), SINUSOIDS, third))
                            : Optional.empty());
        }

        NDArray forward(NDArray timesteps, NDArray sizes) {
            NDArray emb = timestep.forward(sinusoids.forward(timesteps)); // (B, D)
            if (resolution.isEmpty()) {
                return emb;
            }
            long batch = emb.getShape().get(0);
            NDArray sides = resolution
                    .get()
                    .forward(sinusoids.forward(sizes.get(":, 0:2").reshape(-1)).reshape(batch, 2, -1)); // (B, 2, D / 3)
            NDArray ratio = aspectRatio
                    .orElseThrow()
                    .forward(sinusoids.forward(sizes.get(":, 2:3").reshape(-1)));
            return emb.add(sides.reshape(batch, -1).concat(ratio, 1));
        }
    }

    private record Block(
            NDArray scaleShiftTable,
            LayerNorm norm1,
            Attention self,
            Attention cross,
            LayerNorm norm2,
            FeedForward feedForward) {
        static Block of(PixArtConfig config, Weights weights) {
            int width = config.width();
            boolean affine = config.normElementwiseAffine();
            return new Block(
                    weights.get("scale_shift_table", Init.fan(width), 6, width),
                    LayerNorm.of(weights.at("norm1"), width, config.normEps(), affine),
                    Attention.toItself(
                            weights.at("attn1"),
                            width,
                            config.numAttentionHeads(),
                            config.attentionHeadDim(),
                            config.attentionBias()),
                    Attention.of(
                            weights.at("attn2"),
                            width,
                            config.crossAttentionDim(),
                            config.numAttentionHeads(),
                            config.attentionHeadDim(),
                            config.attentionBias()),
                    LayerNorm.of(weights.at("norm2"), width, config.normEps(), affine),
                    FeedForward.of(weights.at("ff"), config.activationFn(), width));
        }

        NDArray forward(NDArray x, NDArray steps, NDArray context, NDArray mask) {
            NDList ada = steps.add(scaleShiftTable).split(6, 1); // shift, scale, gate; twice (B, 1, D)
            NDArray attended = new Modulation(ada, 0).add(x, norm1, y -> self.forward(y, y));
            NDArray c = cross.forward(attended, context, mask);
            NDArray crossed = Ops.consume(attended, a -> Ops.consume(c, a::add));
            return Ops.consume(crossed, a -> new Modulation(ada, 3).add(a, norm2, feedForward::forward));
        }
    }
}
