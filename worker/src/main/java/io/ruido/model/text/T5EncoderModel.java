package io.ruido.model.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Network;
import io.ruido.nn.Embedding;
import io.ruido.nn.Linear;
import io.ruido.nn.RmsNorm;
import io.ruido.nn.attention.BiasedAttention;
import io.ruido.nn.attention.FeedForward;
import io.ruido.nn.attention.GatedFeedForward;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The encoder of "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer" (Raffel et al., 2020),
 * §2.1, with the tensor names of transformers' {@code T5EncoderModel}, and that of UMT5 (Chung et al., 2023,
 * arXiv:2304.09151), {@code UMT5EncoderModel}.
 *
 * <p>B batch, T tokens, D width, h heads.
 */
public final class T5EncoderModel {
    public static final Network<T5EncoderModel> NETWORK =
            new Network<>("T5EncoderModel", (config, weights) -> new T5EncoderModel(T5Config.of(config), weights));

    /** The same with a bias for distances in each layer. */
    public static final Network<T5EncoderModel> UMT5_NETWORK =
            new Network<>("UMT5EncoderModel", (config, weights) -> new T5EncoderModel(T5Config.of(config), weights));

    private final T5Config config;
    private final Embedding tokens;
    private final List<Embedding> relativeAttentionBiases; // one for each layer, or one for all
    private final List<Layer> layers;
    private final RmsNorm finalNorm;

    public T5EncoderModel(T5Config config, Weights weights) {
        this.config = config;
        tokens = Embedding.of(weights.at("shared"), config.vocabSize(), config.dModel());
        Weights encoder = weights.at("encoder");
        encoder.skip("embed_tokens"); // the same as shared
        Weights block = encoder.at("block");
        layers = IntStream.range(0, config.numLayers())
                .mapToObj(i -> Layer.of(config, block.at(i).at("layer")))
                .toList();
        relativeAttentionBiases = IntStream.range(0, config.biasInEachLayer() ? config.numLayers() : 1)
                .mapToObj(i -> Embedding.of(
                        block.at(i).at("layer").at(0).at("SelfAttention").at("relative_attention_bias"),
                        config.relativeAttentionNumBuckets(),
                        config.numHeads()))
                .toList();
        finalNorm = RmsNorm.of(encoder.at("final_layer_norm"), config.dModel(), config.layerNormEpsilon());
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static T5EncoderModel read(Path folder, NDManager manager, DataType type) throws IOException {
        Weights weights = Weights.read(folder, manager, type);
        var model = new T5EncoderModel(T5Config.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    public T5Config config() {
        return config;
    }

    /**
     * The last layer's states.
     *
     * @param ids (B, T) of type int64
     * @param mask (B, T) of type int64, 1 for tokens and 0 for padding, which is hidden from the others
     * @return (B, T, D)
     */
    public NDArray forward(NDArray ids, NDArray mask) {
        int length = (int) ids.getShape().get(1);
        NDArray hidden = mask.eq(0).toType(DataType.FLOAT32, false).mul(-Float.MAX_VALUE);
        NDArray unseen = hidden.reshape(-1, 1, 1, length);
        NDArray buckets = buckets(ids.getManager(), length);
        NDArray x = tokens.forward(ids);
        NDArray bias = null; // (B, h, T, T)
        for (int i = 0; i < layers.size(); i++) {
            if (i < relativeAttentionBiases.size()) {
                bias = distances(buckets, relativeAttentionBiases.get(i)).add(unseen);
            }
            x = layers.get(i).forward(x, bias);
        }
        return finalNorm.forward(x);
    }

    /** What the distance of two tokens adds to their score, (1, h, T, T). */
    private static NDArray distances(NDArray buckets, Embedding relativeAttentionBias) {
        NDArray bias = relativeAttentionBias.forward(buckets); // (T, T, h)
        return Ops.cast(bias, DataType.FLOAT32).transpose(2, 0, 1).expandDims(0);
    }

    /** The buckets of the distance of each token from each, (T, T). */
    private NDArray buckets(NDManager scratch, int length) {
        long[] buckets = new long[length * length];
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = bucket(i % length - i / length);
        }
        return scratch.create(buckets, new Shape(length, length));
    }

    /** Small distances have a bucket each, greater ones share them by their logarithm; half are for each direction. */
    private long bucket(int distance) {
        int half = config.relativeAttentionNumBuckets() / 2;
        int exact = half / 2;
        int far = Math.abs(distance);
        int first = distance > 0 ? half : 0;
        if (far < exact) {
            return first + far;
        }
        float ratio = (float) Math.log((float) far / exact)
                / (float) Math.log((double) config.relativeAttentionMaxDistance() / exact);
        return first + Math.min(exact + (int) (ratio * (half - exact)), half - 1);
    }

    private record Layer(RmsNorm norm, BiasedAttention attention, RmsNorm norm2, UnaryOperator<NDArray> feedForward) {
        static Layer of(T5Config config, Weights weights) {
            Weights network = weights.at(1);
            return new Layer(
                    RmsNorm.of(weights.at(0).at("layer_norm"), config.dModel(), config.layerNormEpsilon()),
                    BiasedAttention.of(
                            weights.at(0).at("SelfAttention"), config.dModel(), config.numHeads(), config.dKv()),
                    RmsNorm.of(network.at("layer_norm"), config.dModel(), config.layerNormEpsilon()),
                    feedForward(config, network.at("DenseReluDense")));
        }

        private static UnaryOperator<NDArray> feedForward(T5Config config, Weights weights) {
            Linear out = Linear.withoutBias(weights.at("wo"), config.dFf(), config.dModel());
            if (!config.gated()) {
                Linear in = Linear.withoutBias(weights.at("wi"), config.dModel(), config.dFf());
                return FeedForward.of(weights, config.activation(), in, out)::forward;
            }
            return GatedFeedForward.of(
                    weights,
                    config.activation(),
                    Linear.withoutBias(weights.at("wi_0"), config.dModel(), config.dFf()),
                    Linear.withoutBias(weights.at("wi_1"), config.dModel(), config.dFf()),
                    out)::forward;
        }

        NDArray forward(NDArray x, NDArray bias) {
            NDArray attended = x.add(attention.forward(norm.forward(x), bias));
            return attended.add(feedForward.apply(norm2.forward(attended)));
        }
    }
}
