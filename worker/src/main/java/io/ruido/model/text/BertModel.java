package io.ruido.model.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Network;
import io.ruido.nn.Activation;
import io.ruido.nn.Embedding;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.nn.attention.Attention;
import io.ruido.nn.attention.FeedForward;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The text encoder of "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding" (Devlin et al.,
 * 2019), §3, with the tensor names of transformers' {@code BertModel}.
 *
 * <p>B batch, T tokens, D hidden width.
 */
public final class BertModel {
    public static final Network<BertModel> NETWORK =
            new Network<>("BertModel", (config, weights) -> new BertModel(BertConfig.of(config), weights));

    private static final double HIDDEN = -Float.MAX_VALUE;

    private final BertConfig config;
    private final Embedding words;
    private final Embedding positions;
    private final Embedding types;
    private final LayerNorm norm;
    private final List<Layer> layers;

    public BertModel(BertConfig config, Weights weights) {
        this.config = config;
        int width = config.hiddenSize();
        Weights embeddings = weights.at("embeddings");
        words = Embedding.of(embeddings.at("word_embeddings"), config.vocabSize(), width);
        positions = Embedding.of(embeddings.at("position_embeddings"), config.maxPositionEmbeddings(), width);
        types = Embedding.of(embeddings.at("token_type_embeddings"), config.typeVocabSize(), width);
        norm = LayerNorm.of(embeddings.at("LayerNorm"), width, config.layerNormEps());
        layers = IntStream.range(0, config.numHiddenLayers())
                .mapToObj(
                        i -> Layer.of(config, weights.at("encoder").at("layer").at(i)))
                .toList();
        embeddings.skip("position_ids"); // 0, 1, 2, …
        weights.skip("pooler"); // of the whole text, where only its tokens are asked for
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static BertModel read(Path folder, NDManager manager, DataType type) throws IOException {
        Weights weights = Weights.read(folder, manager, type);
        var model = new BertModel(BertConfig.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    public BertConfig config() {
        return config;
    }

    /**
     * The last layer's states.
     *
     * @param ids (B, T) of type int64
     * @param mask (B, T) of type int64, 1 for tokens and 0 for padding; read if the config asks for it
     * @return (B, T, D)
     */
    public NDArray forward(NDArray ids, NDArray mask) {
        NDManager scratch = ids.getManager();
        long length = ids.getShape().get(1);
        NDArray x = words.forward(ids)
                .add(positions.forward(scratch.arange(0, (int) length, 1, DataType.INT64)))
                .add(types.forward(ids.zerosLike())); // (B, T, D)
        NDArray states = norm.forward(x);
        NDArray scores = config.useAttentionMask()
                ? mask.eq(0).toType(DataType.FLOAT32, false).mul(HIDDEN).reshape(-1, 1, 1, length)
                : Ops.none();
        for (Layer layer : layers) {
            states = layer.forward(states, scores);
        }
        return states;
    }

    /**
     * The whole text as one vector (Reimers and Gurevych 2019, §3): the mean of its tokens' states, of length 1. Texts
     * that mean nearly the same have nearly the same vector, if the model was trained for it.
     *
     * @param states (B, T, D)
     * @param mask (B, T), as for {@link #forward}
     * @return (B, 1, D)
     */
    public NDArray pooled(NDArray states, NDArray mask) {
        NDArray real = mask.toType(DataType.FLOAT32, false).expandDims(2); // (B, T, 1)
        NDArray sum =
                Ops.cast(states, DataType.FLOAT32).mul(real).sum(new int[] {1}, true); // the length of the mean is 1
        NDArray length = sum.square().sum(new int[] {2}, true).sqrt(); // (B, 1, 1)
        return Ops.cast(sum.div(length), states.getDataType());
    }

    private record Layer(Attention attention, LayerNorm attentionNorm, FeedForward feedForward, LayerNorm norm) {
        static Layer of(BertConfig config, Weights weights) {
            int width = config.hiddenSize();
            Weights attention = weights.at("attention");
            Weights self = attention.at("self");
            return new Layer(
                    Attention.of(
                            weights,
                            Linear.of(self.at("query"), width, width),
                            Linear.of(self.at("key"), width, width),
                            Linear.of(self.at("value"), width, width),
                            Linear.of(attention.at("output").at("dense"), width, width),
                            config.numAttentionHeads()),
                    LayerNorm.of(attention.at("output").at("LayerNorm"), width, config.layerNormEps()),
                    FeedForward.of(
                            weights,
                            Activation.GELU,
                            Linear.of(weights.at("intermediate").at("dense"), width, config.intermediateSize()),
                            Linear.of(weights.at("output").at("dense"), config.intermediateSize(), width)),
                    LayerNorm.of(weights.at("output").at("LayerNorm"), width, config.layerNormEps()));
        }

        NDArray forward(NDArray x, NDArray scores) {
            NDArray h = attentionNorm.forward(x.add(attention.forward(x, x, scores)));
            return norm.forward(h.add(feedForward.forward(h)));
        }
    }
}
