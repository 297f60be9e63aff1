package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Ops;
import java.util.List;

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

    /** Whether a picture conditions the denoiser beside the text. */
    default boolean encodesPictures() {
        return false;
    }

    /**
     * Encodes a picture that conditions the denoiser beside the text.
     *
     * @param manager owner of the result
     * @return states (1, P, D′), none where the denoiser takes none
     */
    default NDArray encodePicture(NDManager manager, RgbImage picture) {
        return Ops.none();
    }

    @Override
    default void close() {}
}
