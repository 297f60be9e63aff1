package io.ruido.pipeline;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.BertModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Turns texts into the states that condition a denoiser: {@code tokenizer/} and {@code text_encoder/} of a diffusers folder.
 * Every text takes the tokenizer's greatest length T; longer ones are cut, shorter ones padded.
 */
public final class TextEncoder implements AutoCloseable {
    private final HuggingFaceTokenizer tokenizer;
    private final BertModel model;

    private TextEncoder(HuggingFaceTokenizer tokenizer, BertModel model) {
        this.tokenizer = tokenizer;
        this.model = model;
    }

    /** Reads the two subfolders of a model's folder; the tensors belong to the manager. */
    public static TextEncoder read(Path folder, NDManager manager, DataType type) throws IOException {
        BertModel model = BertModel.read(folder.resolve("text_encoder"), manager, type);
        return new TextEncoder(
                tokenizer(folder.resolve("tokenizer"), model.config().maxPositionEmbeddings()), model);
    }

    private static HuggingFaceTokenizer tokenizer(Path folder, int positions) throws IOException {
        long limit = new ObjectMapper()
                .readTree(folder.resolve("tokenizer_config.json").toFile())
                .path("model_max_length")
                .asLong(positions);
        String length = Long.toString(Math.min(limit, positions));
        try (InputStream json = Files.newInputStream(folder.resolve("tokenizer.json"))) {
            return HuggingFaceTokenizer.newInstance(
                    json,
                    Map.of(
                            "maxLength",
                            length,
                            "modelMaxLength",
                            length,
                            "padding",
                            "max_length",
                            "truncation",
                            "true"));
        }
    }

    /**
     * The states of some texts.
     *
     * @param manager owner of the result
     * @return (B, T, D)
     */
    public NDArray encode(NDManager manager, List<String> texts) {
        Encoding[] encodings = tokenizer.batchEncode(texts);
        try (NDManager scratch = manager.newSubManager()) {
            NDArray ids = scratch.create(
                    Arrays.stream(encodings).map(Encoding::getIds).toArray(long[][]::new));
            NDArray mask = scratch.create(
                    Arrays.stream(encodings).map(Encoding::getAttentionMask).toArray(long[][]::new));
            return scratch.ret(model.forward(ids, mask));
        }
    }

    /** Frees the tokenizer; the tensors go with their manager. */
    @Override
    public void close() {
        tokenizer.close();
    }
}
