package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Ops;
import java.util.List;
import java.util.Optional;

/** Encodes prompts into a denoiser's conditioning. */
public interface Prompts extends AutoCloseable {
    /**
     * @param manager owner of the result
     * @param clipSkip how many of the last layers of a CLIP text encoder are left out
     */
    Conditioning encode(NDManager manager, List<String> texts, int clipSkip);

    /** Encodes negative prompts; an empty one is none. */
    default Conditioning encodeNegative(NDManager manager, List<String> texts) {
        return encode(manager, texts, 0);
    }

    /**
     * One text of weighted pieces, of any length.
     *
     * @return with one row
     * @throws IllegalArgumentException when the model's texts cannot have weights
     */
    default Conditioning encodeWeighted(
            NDManager manager, List<Weighted> pieces, int clipSkip, List<TextualInversion> embeddings) {
        if (pieces.size() == 1 && pieces.getFirst().weight() == 1) {
            return encode(manager, List.of(pieces.getFirst().text()), clipSkip);
        }
        throw new IllegalArgumentException("prompt: this model's texts cannot have emphasis or BREAK;"
                + " brackets that stand for themselves are written \\( and \\)");
    }

    /** Whether {@link #encodeWeighted} takes weights, and texts of any length. */
    default boolean supportsWeights() {
        return false;
    }

    /** How many of the last layers of a CLIP text encoder can be left out; 0 where there is none. */
    default int maxClipSkip() {
        return 0;
    }

    /** Whether an embedding has vectors for all text encoders. */
    default boolean supports(TextualInversion embedding) {
        return false;
    }

    /** The end of a text that {@link #encode} cuts off. */
    default Optional<CutOff> cutOff(String text) {
        return Optional.empty();
    }

    /** Whether an image conditions the denoiser beside the text. */
    default boolean encodesImages() {
        return false;
    }

    /**
     * Encodes an image that conditions the denoiser beside the text.
     *
     * @param manager owner of the result
     * @return states (1, P, D′), none where the denoiser takes none
     */
    default NDArray encodeImage(NDManager manager, RgbImage image) {
        return Ops.none();
    }

    @Override
    default void close() {}
}
