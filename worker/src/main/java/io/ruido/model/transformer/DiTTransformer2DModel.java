package io.ruido.model.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.nn.Embedding;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.PatchEmbed;
import io.ruido.nn.Sinusoids;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.nn.attention.Attention;
import io.ruido.nn.attention.FeedForward;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.stream.IntStream;

/**
 * "Scalable Diffusion Models with Transformers" (Peebles and Xie, 2023), §3.2: a transformer over patches of latents,
 * conditioned by adaLN-Zero, with the tensor names of diffusers' {@code DiTTransformer2DModel}.
 *
 * <p>B batch, C channels, H and W sides, N patches, D width of a token, p side of a patch.
 */
public final class DiTTransformer2DModel implements Denoiser {
    public static final Network<DiTTransformer2DModel> NETWORK = new Network<>(
            "DiTTransformer2DModel", (config, weights) -> new DiTTransformer2DModel(DiTConfig.of(config), weights));

    private static final int SINUSOIDS = 256;
    private static final double EPS = 1e-6;

    private final DiTConfig config;
    private final PatchEmbed posEmbed;
    private final List<Block> blocks;
    private final LayerNorm normOut;
    private final Linear projOut1;
    private final Linear projOut2;

    public DiTTransformer2DModel(DiTConfig config, Weights weights) {
        this.config = config;
        int width = config.width();
        int patch = config.patchSize();
        posEmbed = new PatchEmbed(
                weights.at("pos_embed"), config.inChannels(), width, patch, config.sampleSize() / patch, 1);
        blocks = IntStream.range(0, config.numLayers())
                .mapToObj(i -> Block.of(config, weights.at("transformer_blocks").at(i)))
                .toList();
        normOut = LayerNorm.plain(weights, EPS);
        projOut1 = Linear.of(weights.at("proj_out_1"), width, 2L * width);
        projOut2 = Linear.of(weights.at("proj_out_2"), width, (long) patch * patch * config.outChannels());
    }

    @Override
    public DiTConfig config() {
        return config;
    }

    /** {@code conditioning.labels()} are classes; the one after the last stands for none. */
    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        NDArray x = posEmbed.forward(latents); // (B, N, D)
        for (Block block : blocks) {
            x = Ops.consume(x, tokens -> block.forward(tokens, timesteps, conditioning.labels()));
        }
        NDArray emb = blocks.getFirst().embedding.forward(timesteps, conditioning.labels()); // (B, D)
        NDList parts = projOut1.ofSilu(emb).expandDims(1).split(2, 2);
        NDArray shift = parts.get(0);
        NDArray scale = parts.get(1);
        NDArray tokens = projOut2.forward(normOut.modulated(x, scale, shift)); // (B, N, p·p·C)
        return Patches.join(tokens, latents, config.patchSize());
    }

    /** The embedding of the timestep and the class; each block has its own. */
    private record StepAndClass(Sinusoids sinusoids, TimestepEmbedding timestep, Embedding classes) {
        static StepAndClass of(DiTConfig config, Weights weights) {
            return new StepAndClass(
                    Sinusoids.of(weights, SINUSOIDS, true, 1),
                    TimestepEmbedding.of(weights.at("timestep_embedder"), SINUSOIDS, config.width()),
                    Embedding.of( // one more than there are classes, for none
                            weights.at("class_embedder").at("embedding_table"),
                            config.numEmbedsAdaNorm() + 1L,
                            config.width()));
        }

        NDArray forward(NDArray timesteps, NDArray labels) {
            return timestep.forward(sinusoids.forward(timesteps)).add(classes.forward(labels));
        }
    }

    private record Block(
            StepAndClass embedding,
            Linear modulation,
            LayerNorm norm1,
            Attention attention,
            LayerNorm norm3,
            FeedForward feedForward) {
        static Block of(DiTConfig config, Weights weights) {
            int width = config.width();
            return new Block(
                    StepAndClass.of(config, weights.at("norm1").at("emb")),
                    Linear.of(weights.at("norm1").at("linear"), width, 6L * width),
                    LayerNorm.plain(weights, EPS),
                    Attention.toItself(
                            weights.at("attn1"),
                            width,
                            config.numAttentionHeads(),
                            config.attentionHeadDim(),
                            config.attentionBias()),
                    LayerNorm.of(weights.at("norm3"), width, config.normEps(), config.normElementwiseAffine()),
                    FeedForward.of(weights.at("ff"), config.activationFn(), width));
        }

        NDArray forward(NDArray x, NDArray timesteps, NDArray labels) {
            NDArray emb = embedding.forward(timesteps, labels);
            NDList ada = modulation.ofSilu(emb).expandDims(1).split(6, 2); // shift, scale, gate; twice (B, 1, D)
            NDArray attended = new Modulation(ada, 0).add(x, norm1, y -> attention.forward(y, y));
            return Ops.consume(attended, a -> new Modulation(ada, 3).add(a, norm3, feedForward::forward));
        }
    }
}
