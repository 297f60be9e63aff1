package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.BertModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Turns texts into the states that condition a denoiser: {@code tokenizer/} and {@code text_encoder/} of a diffusers folder.
 * Every text takes the tokenizer's greatest length T; longer ones are cut, shorter ones padded.
 */
public final class TextEncoder implements AutoCloseable {
    private final Tokenizer tokenizer;
    private final BertModel model;

    private TextEncoder(Tokenizer tokenizer, BertModel model) {
        this.tokenizer = tokenizer;
        this.model = model;
    }

    /** Reads the two subfolders of a model's folder; the tensors belong to the manager. */
    public static TextEncoder read(Path folder, NDManager manager, DataType type) throws IOException {
        BertModel model = BertModel.read(folder.resolve("text_encoder"), manager, type);
        return new TextEncoder(
                Tokenizer.read(folder.resolve("tokenizer"), model.config().maxPositionEmbeddings()), model);
    }

    /**
     * The states of some texts.
     *
     * @param manager owner of the result
     * @return (B, T, D)
     */
    public NDArray encode(NDManager manager, List<String> texts) {
        Tokenizer.Tokens tokens = tokenizer.encode(texts);
        try (NDManager scratch = manager.newSubManager()) {
            NDArray ids = scratch.create(tokens.ids());
            NDArray mask = scratch.create(tokens.mask());
            return scratch.ret(model.forward(ids, mask));
        }
    }

    /** Frees the tokenizer; the tensors go with their manager. */
    @Override
    public void close() {
        tokenizer.close();
    }
}
