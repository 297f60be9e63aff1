package io.ruido.model.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Network;
import io.ruido.nn.LayerNorm;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The image encoder of "Learning Transferable Visual Models From Natural Language Supervision" (Radford et al., 2021),
 * §2.4, but for its last layer, with the tensor names of transformers' {@code CLIPVisionModel}.
 *
 * <p>B batch, N patches, D width.
 */
public final class ClipVisionModel {
    public static final Network<ClipVisionModel> NETWORK = new Network<>(
            "CLIPVisionModel", (config, weights) -> new ClipVisionModel(ClipVisionConfig.of(config), weights));

    private final ClipVisionConfig config;
    private final NDArray classEmbedding;
    private final NDArray patchWeight;
    private final NDArray noBias;
    private final NDArray positions;
    private final LayerNorm norm;
    private final List<ClipLayer> layers;

    public ClipVisionModel(ClipVisionConfig config, Weights weights) {
        this.config = config;
        int width = config.hiddenSize();
        int patch = config.patchSize();
        long side = config.imageSize() / patch;
        Weights model = weights.at("vision_model");
        Weights embeddings = model.at("embeddings");
        classEmbedding = embeddings.get("class_embedding", Init.NORMAL, width);
        patchWeight = embeddings
                .at("patch_embedding")
                .get(
                        "weight",
                        Init.fan((long) config.numChannels() * patch * patch),
                        width,
                        config.numChannels(),
                        patch,
                        patch);
        noBias = weights.manager().zeros(new Shape(width));
        positions = embeddings.at("position_embedding").get("weight", Init.NORMAL, side * side + 1, width);
        embeddings.skip("position_ids"); // 0, 1, 2, …
        norm = LayerNorm.of(model.at("pre_layrnorm"), width, config.layerNormEps());
        Weights encoder = model.at("encoder").at("layers");
        layers = IntStream.range(0, config.numHiddenLayers() - 1)
                .mapToObj(i -> ClipLayer.of(config.layer(), encoder.at(i)))
                .toList();
        encoder.skip(Integer.toString(config.numHiddenLayers() - 1));
        model.skip("post_layernorm");
    }

    /** Reads {@code config.json} and the weights of a folder; the tensors belong to the manager. */
    public static ClipVisionModel read(Path folder, NDManager manager, DataType type) throws IOException {
        Weights weights = Weights.read(folder, manager, type);
        var model = new ClipVisionModel(ClipVisionConfig.read(folder), weights);
        weights.rejectUnread();
        return model;
    }

    public ClipVisionConfig config() {
        return config;
    }

    /**
     * The states before the last layer.
     *
     * @param images (B, C, H, W), of the config's size
     * @return (B, 1 + N, D)
     */
    public NDArray forward(NDArray images) {
        long batch = images.getShape().get(0);
        NDArray patches = Ops.call("patches", images, patchWeight, noBias); // (B, D, h, w)
        NDArray tokens = patches.reshape(batch, config.hiddenSize(), -1).transpose(0, 2, 1);
        NDArray first = classEmbedding.reshape(1, 1, -1).repeat(0, batch);
        NDArray x = norm.forward(first.concat(tokens, 1).add(positions));
        for (ClipLayer layer : layers) {
            x = layer.forward(x, Ops.none());
        }
        return x;
    }
}
