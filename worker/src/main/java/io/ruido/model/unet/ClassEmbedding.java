package io.ruido.model.unet;

import ai.djl.ndarray.NDArray;
import io.ruido.model.ModelSettings;
import io.ruido.nn.Activation;
import io.ruido.nn.Embedding;
import io.ruido.nn.Linear;
import io.ruido.nn.TimestepEmbedding;
import io.ruido.tensor.Weights;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** How a U-Net learns the class of an image: an embedding that joins the timestep's. */
final class ClassEmbedding {
    /**
     * @param kind as diffusers names it, or LOOKUP for a table
     * @param size size of the table, or width of the vectors that stand for classes
     */
    record Config(String kind, int size) {
        static final String LOOKUP = "lookup";

        /** @param kinds kinds of {@code class_embed_type} that the model knows */
        static Optional<Config> of(ModelSettings settings, Set<String> kinds) {
            int classes = settings.number("num_class_embeds", 0);
            int width = settings.number("projection_class_embeddings_input_dim", 0);
            if (settings.absent("class_embed_type")) {
                return classes > 0 ? Optional.of(new Config(LOOKUP, classes)) : Optional.empty();
            }
            return Optional.of(new Config(settings.text("class_embed_type", kinds, ""), width));
        }
    }

    private final UnaryOperator<NDArray> embed;

    private ClassEmbedding(UnaryOperator<NDArray> embed) {
        this.embed = embed;
    }

    /**
     * @param sinusoids sinusoids of timesteps
     * @param in how many numbers they give
     * @param width width of the embedding
     */
    static ClassEmbedding of(
            Config config,
            Weights weights,
            UnaryOperator<NDArray> sinusoids,
            int in,
            int width,
            Activation activation) {
        return new ClassEmbedding(
                switch (config.kind) {
                    case Config.LOOKUP -> Embedding.of(weights, config.size, width)::forward;
                    case "timestep" -> {
                        var mlp = TimestepEmbedding.of(weights, in, width).with(weights, activation);
                        yield labels -> mlp.forward(sinusoids.apply(labels));
                    }
                    case "projection" -> TimestepEmbedding.of(weights, config.size, width)::forward;
                    case "simple_projection" -> Linear.of(weights, config.size, width)::forward;
                    default -> UnaryOperator.identity();
                });
    }

    /** @param labels (B) ids, or (B, P) */
    NDArray forward(NDArray labels) {
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("the model needs a class for each sample");
        }
        return embed.apply(labels);
    }
}
