package io.ruido.model.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Network;
import io.ruido.nn.Embedding;
import io.ruido.nn.LayerNorm;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The text encoder of "Learning Transferable Visual Models From Natural Language Supervision" (Radford et al., 2021), §2.4,
 * with the tensor names of transformers' {@code CLIPTextModel} and {@code CLIPTextModelWithProjection}.
 *
 * <p>B batch, T tokens, D hidden width, P projected width.
 */
public final class ClipTextModel {
    public static final Network<ClipTextModel> NETWORK = new Network<>(
            "CLIPTextModel", (config, weights) -> new ClipTextModel(ClipTextConfig.of(config, false), weights));
    public static final Network<ClipTextModel> WITH_PROJECTION = new Network<>(
            "CLIPTextModelWithProjection",
            (config, weights) -> new ClipTextModel(ClipTextConfig.of(config, true), weights));

    /** End of a text in configurations that name it wrongly; there it is the token with the highest id. */
    private static final int WRONG_END = 2;

    /**
     * What the model makes of some texts.
     *
     * @param hidden the embeddings, then the states after each layer, (B, T, D) each
     * @param last the last layer's states, normalized (B, T, D)
     * @param pooled state at the end of each text, projected where the model does that (B, D or P)
     */
    public record Output(List<NDArray> hidden, NDArray last, NDArray pooled) {}

    private final ClipTextConfig config;
    private final Embedding tokens;
    private final Embedding positions;
    private final List<ClipLayer> layers;
    private final LayerNorm finalNorm;
    private final Optional<Linear> projection;

    public ClipTextModel(ClipTextConfig config, Weights weights) {
        this.config = config;
        int width = config.hiddenSize();
        Weights model = weights.at("text_model");
        Weights embeddings = model.at("embeddings");
        tokens = Embedding.of(embeddings.at("token_embedding"), config.vocabSize(), width);
        positions = Embedding.of(embeddings.at("position_embedding"), config.maxPositionEmbeddings(), width);
        layers = IntStream.range(0, config.numHiddenLayers())
                .mapToObj(i -> ClipLayer.of(
                        config.layer(), model.at("encoder").at("layers").at(i)))
                .toList();
        finalNorm = LayerNorm.of(model.at("final_layer_norm"), width, config.layerNormEps());
        projection = config.projectionDim().isPresent()
                ? Optional.of(Linear.withoutBias(
                        weights.at("text_projection"),
                        width,
                        config.projectionDim().getAsInt()))
                : Optional.empty();
        embeddings.skip("position_ids"); // 0, 1, 2, …
        List.of("vision_model", "visual_projection", "logit_scale").forEach(weights::skip); // of all of CLIP
        if (projection.isEmpty()) {
            weights.skip("text_projection");
        }
    }

    /**
     * Reads {@code config.json} of a folder.
     *
     * @param projection whether the model is a {@code CLIPTextModelWithProjection}
     * @param weights weights of this folder
     */
    public static ClipTextModel read(Path folder, boolean projection, Weights weights) throws IOException {
        var model = new ClipTextModel(ClipTextConfig.read(folder, projection), weights);
        weights.rejectUnread();
        return model;
    }

    public ClipTextConfig config() {
        return config;
    }

    /**
     * Vectors in place of those of tokens.
     *
     * @param at the place of the first token
     * @param vectors (n, D)
     */
    public record Vectors(int at, NDArray vectors) {}

    /**
     * @param ids (B, T) of type int64
     * @param mask (B, T) of type int64, 1 for tokens and 0 for padding; read if the config asks for it
     */
    public Output forward(NDArray ids, NDArray mask) {
        return forward(ids, mask, List.of());
    }

    /** @param instead vectors that replace those of some tokens, in all texts */
    public Output forward(NDArray ids, NDArray mask, List<Vectors> instead) {
        NDManager scratch = ids.getManager();
        int length = (int) ids.getShape().get(1);
        NDArray x = replaced(tokens.forward(ids), instead)
                .add(positions.forward(scratch.arange(0, length, 1, DataType.INT64)));
        NDArray scores = causal(scratch, length);
        if (config.useAttentionMask()) {
            NDArray padding = mask.eq(0).toType(DataType.FLOAT32, false).mul(-Float.MAX_VALUE);
            scores = NDArrays.minimum(scores, padding.reshape(-1, 1, 1, length)); // (B, 1, T, T)
        }
        List<NDArray> hidden = new ArrayList<>(List.of(x));
        for (ClipLayer layer : layers) {
            hidden.add(layer.forward(hidden.getLast(), scores));
        }
        NDArray last = normalized(hidden.getLast());
        NDArray ends = ends(last, ids);
        return new Output(
                hidden, last, projection.isPresent() ? projection.get().forward(ends) : ends);
    }

    private static NDArray replaced(NDArray embedded, List<Vectors> instead) {
        for (Vectors one : instead) {
            long end = one.at + one.vectors.getShape().get(0);
            embedded.set(new NDIndex(":, {}:{}", one.at, end), Ops.cast(one.vectors, embedded.getDataType()));
        }
        return embedded;
    }

    /** Some layer's states as the last layer's are normalized. */
    public NDArray normalized(NDArray states) {
        return finalNorm.forward(states);
    }

    /** Keeps each token from those after it: (1, 1, T, T). */
    private static NDArray causal(NDManager scratch, int length) {
        float[] scores = new float[length * length];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = i % length > i / length ? -Float.MAX_VALUE : 0;
        }
        return scratch.create(scores, new Shape(1, 1, length, length));
    }

    /** The states at the end of each text (B, D). */
    private NDArray ends(NDArray last, NDArray ids) {
        long[] all = ids.toLongArray();
        int length = (int) ids.getShape().get(1);
        var ends = new NDList();
        for (int b = 0; b < all.length / length; b++) {
            int end = 0;
            for (int t = 0; t < length; t++) {
                long id = all[b * length + t];
                boolean found = config.eosTokenId() == WRONG_END
                        ? id > all[b * length + end]
                        : id == config.eosTokenId() && all[b * length + end] != id;
                end = found ? t : end;
            }
            ends.add(last.get(b).get(end));
        }
        return NDArrays.stack(ends);
    }
}
