package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Network;
import io.ruido.nn.Activation;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.Sinusoids;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.nn.attention.FeedForward;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * The diffusion transformer of Wan (Wan Team, 2025, arXiv:2503.20314, §4.2): a DiT over patches of space and time, with the
 * tensor names of diffusers' {@code WanTransformer3DModel}. Where the rest is half precision, the network of the timestep, the
 * tables of scales and shifts, the norms and the rotary embedding are float32, as there.
 *
 * <p>B batch, C channels, F frames, H and W sides of the latents; N patches, T text tokens, D width of a token.
 */
public final class WanTransformer3DModel {
    public static final Network<WanTransformer3DModel> NETWORK = new Network<>(
            "WanTransformer3DModel", (config, weights) -> new WanTransformer3DModel(WanConfig.of(config), weights));

    private final WanConfig config;
    private final NDManager manager;
    private final NDArray patchWeight;
    private final NDArray patchBias;
    private final NDArray patch;
    private final WanRotaryPosEmbed rope;
    private final Sinusoids sinusoids;
    private final TimestepEmbedding timeEmbedder;
    private final Linear timeProj;
    private final FeedForward textEmbedder;
    private final Optional<ImageEmbedder> imageEmbedder;
    private final List<Block> blocks;
    private final NDArray eps;
    private final NDArray scaleShiftTable;
    private final Linear projOut;
    private final Map<Shape, WanRotaryPosEmbed.Angles> angles = new ConcurrentHashMap<>();

    public WanTransformer3DModel(WanConfig config, Weights weights) {
        this.config = config;
        manager = weights.manager();
        int width = config.width();
        long[] kernel = config.patchSize().stream().mapToLong(side -> side).toArray();
        long volume = kernel[0] * kernel[1] * kernel[2];
        Init init = Init.fan(config.inChannels() * volume);
        Weights embedding = weights.at("patch_embedding");
        patchWeight = embedding.get("weight", init, width, config.inChannels(), kernel[0], kernel[1], kernel[2]);
        weights.refuseAdditions(patchWeight);
        patchBias = embedding.get("bias", init, width);
        patch = Ops.none().getManager().create(kernel);
        rope = new WanRotaryPosEmbed(config.attentionHeadDim());
        Weights condition = weights.at("condition_embedder");
        sinusoids = Sinusoids.of(weights, config.freqDim(), true, 0);
        timeEmbedder = TimestepEmbedding.of(condition.at("time_embedder").float32(), config.freqDim(), width);
        timeProj = Linear.of(condition.at("time_proj"), width, 6L * width);
        textEmbedder = FeedForward.of(
                weights,
                Activation.GELU_TANH,
                Linear.of(condition.at("text_embedder").at("linear_1"), config.textDim(), width),
                Linear.of(condition.at("text_embedder").at("linear_2"), width, width));
        imageEmbedder = config.imageDim().isPresent()
                ? Optional.of(ImageEmbedder.of(config, condition.at("image_embedder")))
                : Optional.empty();
        blocks = IntStream.range(0, config.numLayers())
                .mapToObj(i -> Block.of(config, weights.at("blocks").at(i)))
                .toList();
        eps = weights.constant(config.eps());
        scaleShiftTable = weights.float32().get("scale_shift_table", Init.fan(width), 1, 2, width);
        projOut = Linear.of(weights.at("proj_out"), width, volume * config.outChannels());
    }

    public WanConfig config() {
        return config;
    }

    /**
     * Predicts the velocity of each latent.
     *
     * @param latents (B, C, F, H, W), whose sides are multiples of the patch's
     * @param timesteps (B) of type float32, or (B, N) where each patch has its own
     * @param text states (B, T, textDim)
     * @param image states (B, P, imageDim) for a model that is conditioned on them, else none
     * @return (B, C', F, H, W)
     */
    public NDArray forward(NDArray latents, NDArray timesteps, NDArray text, NDArray image) {
        Shape grid = grid(latents.getShape());
        WanRotaryPosEmbed.Angles rotations = angles.computeIfAbsent(
                grid, size -> rope.angles(manager, (int) size.get(0), (int) size.get(1), (int) size.get(2)));
        long batch = latents.getShape().get(0);
        Shape rows = timesteps.getShape().add(config.freqDim());
        NDArray waves = sinusoids.forward(timesteps.reshape(-1)).reshape(rows);
        NDArray emb = Ops.cast(timeEmbedder.forward(waves), latents.getDataType()); // (B, D) or (B, N, D)
        NDArray steps = timeProj.ofSilu(emb).reshape(batch, -1, 6, config.width()); // (B, 1 or N, 6, D)
        NDArray context = textEmbedder.forward(text); // (B, T, D)
        NDArray imageContext = imageEmbedder.isPresent() ? imageEmbedder.get().forward(image) : Ops.none(); // (B, P, D)
        NDArray x = Ops.call("clip_patches", latents, patchWeight, patchBias); // (B, N, D)
        for (Block block : blocks) {
            x = Ops.consume(x, tokens -> block.forward(tokens, steps, context, imageContext, rotations));
        }
        NDList out =
                emb.reshape(batch, -1, 1, config.width()).add(scaleShiftTable).split(2, 2); // shift, scale
        NDArray normed = Ops.consume(x, tokens -> modulated(tokens, out.get(1), out.get(0), eps));
        NDArray tokens = Ops.consume(normed, projOut::forward);
        NDArray sizes = Ops.none().getManager().create(grid.getShape());
        return Ops.consume(tokens, t -> Ops.call("clip_of_patches", t, sizes, patch));
    }

    /** Patches along each axis. */
    private Shape grid(Shape latents) {
        long[] counts = new long[3];
        for (int axis = 0; axis < 3; axis++) {
            long side = latents.get(axis + 2);
            int step = config.patchSize().get(axis);
            counts[axis] = side / step;
            if (side % step != 0 || counts[axis] > config.ropeMaxSeqLen()) {
                throw new IllegalArgumentException("%s of the latents must be a multiple of %d, at most %d, was %d"
                        .formatted(
                                List.of("frames", "height", "width").get(axis),
                                step,
                                (long) step * config.ropeMaxSeqLen(),
                                side));
            }
        }
        return new Shape(counts);
    }

    /** scale and shift (B, 1 or N, 1, D) */
    private static NDArray modulated(NDArray x, NDArray scale, NDArray shift, NDArray eps) {
        return Ops.call("modulate_float32", x, scale.squeeze(2), shift.squeeze(2), eps);
    }

    /** Embeds the states of an image; those of two images have a learned position. */
    private record ImageEmbedder(LayerNorm norm1, FeedForward ff, LayerNorm norm2, Optional<NDArray> position) {
        private static final double EPS = 1e-5;

        static ImageEmbedder of(WanConfig config, Weights weights) {
            int in = config.imageDim().getAsInt();
            Weights net = weights.at("ff").at("net");
            return new ImageEmbedder(
                    LayerNorm.of(weights.at("norm1"), in, EPS),
                    FeedForward.of(
                            weights,
                            Activation.GELU,
                            Linear.of(net.at(0).at("proj"), in, in),
                            Linear.of(net.at(2), in, config.width())),
                    LayerNorm.of(weights.at("norm2"), config.width(), EPS),
                    config.posEmbedSeqLen().isPresent()
                            ? Optional.of(weights.get(
                                    "pos_embed",
                                    Init.ZEROS,
                                    1,
                                    config.posEmbedSeqLen().getAsInt(),
                                    in))
                            : Optional.empty());
        }

        NDArray forward(NDArray states) {
            Shape shape = states.getShape();
            NDArray placed = position.isPresent()
                    ? states.reshape(-1, 2 * shape.get(1), shape.get(2)).add(position.get())
                    : states;
            return norm2.forward(ff.forward(norm1.forward(placed)));
        }
    }

    private record Block(
            NDArray scaleShiftTable,
            NDArray eps,
            WanAttention self,
            Optional<LayerNorm> norm2,
            WanAttention cross,
            FeedForward feedForward) {
        static Block of(WanConfig config, Weights weights) {
            int width = config.width();
            Weights net = weights.at("ffn").at("net");
            return new Block(
                    weights.float32().get("scale_shift_table", Init.fan(width), 1, 6, width),
                    weights.constant(config.eps()),
                    WanAttention.toItself(config, weights.at("attn1")),
                    config.crossAttnNorm()
                            ? Optional.of(LayerNorm.of(weights.at("norm2").float32(), width, config.eps()))
                            : Optional.empty(),
                    WanAttention.toText(config, weights.at("attn2")),
                    FeedForward.of(
                            weights,
                            Activation.GELU_TANH,
                            Linear.of(net.at(0).at("proj"), width, config.ffnDim()),
                            Linear.of(net.at(2), config.ffnDim(), width)));
        }

        NDArray forward(NDArray x, NDArray steps, NDArray text, NDArray image, WanRotaryPosEmbed.Angles angles) {
            NDList ada = steps.add(scaleShiftTable).split(6, 2); // shift, scale, gate; twice (B, 1 or N, 1, D)
            NDArray h = modulated(x, ada.get(1), ada.get(0), eps);
            NDArray o = Ops.consume(h, y -> self.forward(y, angles));
            NDArray attended = Ops.consume(o, y -> gated(x, y, ada.get(2)));
            NDArray normed = norm2.isPresent() ? norm2.get().float32(attended) : attended;
            NDArray c = cross.forward(normed, text, image);
            NDArray crossed = Ops.consume(attended, a -> Ops.consume(c, a::add));
            NDArray m = modulated(crossed, ada.get(4), ada.get(3), eps);
            NDArray f = Ops.consume(m, feedForward::forward);
            return Ops.consume(crossed, a -> Ops.consume(f, y -> gated(a, y, ada.get(5))));
        }

        private static NDArray gated(NDArray x, NDArray y, NDArray gate) {
            return Ops.call("add_gated_float32", x, y, gate.squeeze(2));
        }
    }
}
