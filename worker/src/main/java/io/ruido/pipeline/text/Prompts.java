package io.ruido.pipeline.text;

import ai.djl.ndarray.NDManager;
import io.ruido.model.Conditioning;
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

    @Override
    default void close() {}
}
