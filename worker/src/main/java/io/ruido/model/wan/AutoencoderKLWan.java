package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Network;
import io.ruido.model.autoencoder.Autoencoder.Posterior;
import io.ruido.nn.CausalConv3d;
import io.ruido.nn.FrameCache;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * The autoencoder of Wan (Wan Team, 2025, arXiv:2503.20314, §4.1): causal in time, so that clips are encoded and decoded
 * piece by piece in an amount of memory that does not grow with their length. Tensor names are those of diffusers' {@code
 * AutoencoderKLWan}.
 *
 * <p>B batch, C channels, T = 4k + 1 frames, H and W sides of the clip, L latent channels, h = H/f, w = W/f, k + 1 latent
 * frames. The first latent frame stands for one frame of the clip, each other for four. Computes in float32: in half
 * precision decoders of this kind give values that are no numbers.
 */
public final class AutoencoderKLWan {
    public static final Network<AutoencoderKLWan> NETWORK = new Network<>(
            "AutoencoderKLWan", (config, weights) -> new AutoencoderKLWan(AutoencoderKLWanConfig.of(config), weights));

    private final AutoencoderKLWanConfig config;
    private final NDArray patchSize;
    private final NDArray mean;
    private final NDArray deviation;
    private final WanEncoder encoder;
    private final WanDecoder decoder;
    private final CausalConv3d quantConv;
    private final CausalConv3d postQuantConv;

    public AutoencoderKLWan(AutoencoderKLWanConfig config, Weights weights) {
        this.config = config;
        int latent = config.zDim();
        patchSize = weights.constant(config.patchSize());
        mean = ofChannels(weights.manager(), config.latentsMean());
        deviation = ofChannels(weights.manager(), config.latentsStd());
        encoder = new WanEncoder(config, weights.at("encoder"));
        decoder = new WanDecoder(config, weights.at("decoder"));
        quantConv = CausalConv3d.of(weights.at("quant_conv"), 2L * latent, 2L * latent, 1);
        postQuantConv = CausalConv3d.of(weights.at("post_quant_conv"), latent, latent, 1);
    }

    private static NDArray ofChannels(NDManager manager, List<Double> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).floatValue();
        }
        return manager.create(floats, new Shape(1, floats.length, 1, 1, 1));
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static AutoencoderKLWan read(Path folder, NDManager manager) throws IOException {
        Weights weights = Weights.read(folder, manager, DataType.FLOAT32);
        var model = new AutoencoderKLWan(AutoencoderKLWanConfig.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    public AutoencoderKLWanConfig config() {
        return config;
    }

    /** How many latent frames stand for so many frames, 4k + 1. */
    public static int latentFrames(int frames) {
        if (frames < 1 || frames % 4 != 1) {
            throw new IllegalArgumentException("frames must be 1 more than a multiple of 4, was " + frames);
        }
        return frames / 4 + 1;
    }

    /**
     * The distribution of latents that stand for clips, before {@link #normalized}.
     *
     * @param clips (B, C, T, H, W) in −1…1, sides divisible by the downscale
     * @return of shape (B, L, k + 1, h, w)
     */
    public Posterior encode(NDArray clips) {
        int pieces = latentFrames((int) clips.getShape().get(2));
        NDManager manager = clips.getManager();
        var moments = new NDList();
        try (FrameCache cache = new FrameCache(manager)) {
            for (int i = 0; i < pieces; i++) {
                try (NDManager scratch = manager.newSubManager()) {
                    NDArray piece = clips.get(new NDIndex(":, :, {}:{}", i == 0 ? 0 : 4 * i - 3, 4 * i + 1));
                    piece.attach(scratch);
                    NDArray h = encoder.forward(Ops.call("to_channels", piece, patchSize), cache);
                    moments.add(scratch.ret(quantConv.forward(h, cache)));
                }
            }
        }
        NDArray all = NDArrays.concat(moments, 2);
        moments.close();
        NDList halves = all.split(2, 1);
        return new Posterior(halves.get(0), halves.get(1).clip(-30, 20));
    }

    /** Latents of about unit variance, from a mean or a draw of {@link #encode}. */
    public NDArray normalized(NDArray latents) {
        return latents.sub(mean).div(deviation);
    }

    /** The way back. */
    public NDArray denormalized(NDArray latents) {
        return latents.mul(deviation).add(mean);
    }

    /**
     * Clips of latents as {@link #encode} gives them.
     *
     * @param latents (B, L, k + 1, h, w)
     * @return (B, C, T, H, W) in −1…1
     */
    public NDArray decode(NDArray latents) {
        return Ops.consume(decodeUnclipped(latents), y -> y.clip(-1, 1));
    }

    /** The same with values beyond −1…1, for training: a clipped value has no gradient. */
    public NDArray decodeUnclipped(NDArray latents) {
        var pieces = new NDList();
        decodePieces(latents, piece -> {
            piece.attach(latents.getManager());
            pieces.add(piece);
        });
        NDArray clips = NDArrays.concat(pieces, 2);
        pieces.close();
        return clips;
    }

    /**
     * The same piece by piece, for clips that need not be in memory as a whole.
     *
     * @param sink gets (B, C, 1, H, W), then (B, C, 4, H, W) for each further latent frame, which is freed after the
     *     call unless it is attached elsewhere
     */
    public void decode(NDArray latents, Consumer<NDArray> sink) {
        decodePieces(latents, piece -> sink.accept(Ops.consume(piece, y -> y.clip(-1, 1))));
    }

    private void decodePieces(NDArray latents, Consumer<NDArray> sink) {
        NDManager manager = latents.getManager();
        try (FrameCache cache = new FrameCache(manager)) {
            for (int i = 0; i < latents.getShape().get(2); i++) {
                try (NDManager scratch = manager.newSubManager()) {
                    NDArray frame = latents.get(new NDIndex(":, :, {}:{}", i, i + 1));
                    frame.attach(scratch);
                    NDArray h = decoder.forward(postQuantConv.forward(frame, cache), cache);
                    sink.accept(Ops.consume(h, y -> Ops.call("from_channels", y, patchSize)));
                }
            }
        }
    }
}
