package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Conditioning;
import io.ruido.model.text.BertModel;
import io.ruido.model.text.ClipTextModel;
import io.ruido.model.text.ClipTextModel.Vectors;
import io.ruido.pipeline.family.Parts;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Turns texts into the states that condition a denoiser: {@code tokenizer/} and {@code text_encoder/} of a diffusers folder.
 * Every text takes the tokenizer's greatest length T; longer ones are cut, shorter ones padded.
 */
public final class TextEncoder implements Prompts {
    @FunctionalInterface
    private interface Model {
        NDArray states(NDArray ids, NDArray mask, int skip, List<Vectors> vectors);
    }

    private final Tokenizer tokenizer;
    private final Model model;
    private final boolean pooled;
    private final long width; // of the vectors of embeddings; 0 where there can be none
    private final int maxClipSkip;

    private TextEncoder(Tokenizer tokenizer, Model model, boolean pooled, long width, int maxClipSkip) {
        this.tokenizer = tokenizer;
        this.model = model;
        this.pooled = pooled;
        this.width = width;
        this.maxClipSkip = maxClipSkip;
    }

    /** Reads the two subfolders of a model's folder; the tensors belong to the manager. */
    public static TextEncoder read(Path folder, NDManager manager, DataType type) throws IOException {
        return read(
                folder, manager, type, part -> Weights.read(part, manager, type).packed());
    }

    /** The same, with the weights of CLIP read elsewhere. */
    public static TextEncoder read(Path folder, NDManager manager, DataType type, Parts.WeightsReader weights)
            throws IOException {
        Path encoder = folder.resolve("text_encoder");
        Path tokenizer = folder.resolve("tokenizer");
        String kind = new ObjectMapper()
                .readTree(encoder.resolve("config.json").toFile())
                .path("model_type")
                .asText();
        if (kind.equals("bert")) {
            BertModel bert = BertModel.read(encoder, manager, type);
            return new TextEncoder(
                    Tokenizer.read(tokenizer, bert.config().maxPositionEmbeddings()),
                    (ids, mask, skip, _) -> states(bert, ids, mask),
                    bert.config().pooledTokenScale() != 0,
                    0,
                    0);
        }
        ClipTextModel clip = ClipTextModel.read(encoder, false, weights.read(encoder));
        Model model = (ids, mask, skip, vectors) -> {
            ClipTextModel.Output output = clip.forward(ids, mask, vectors);
            return skip == 0 ? output.last() : clip.normalized(ClipStates.before(output, skip));
        };
        return new TextEncoder(
                Tokenizer.read(tokenizer, clip.config().maxPositionEmbeddings()),
                model,
                false,
                clip.config().hiddenSize(),
                clip.config().numHiddenLayers());
    }

    private static NDArray states(BertModel bert, NDArray ids, NDArray mask) {
        NDArray tokens = bert.forward(ids, mask); // (B, T, D)
        double scale = bert.config().pooledTokenScale();
        return scale == 0 ? tokens : tokens.concat(bert.pooled(tokens, mask).mul((float) scale), 1); // (B, T + 1, D)
    }

    /** Whether the last state is that of the whole text. */
    public boolean pooled() {
        return pooled;
    }

    /**
     * The states of some texts.
     *
     * @param manager owner of the result
     * @return (B, T, D)
     */
    public NDArray encode(NDManager manager, List<String> texts) {
        return encode(manager, texts, 0).states();
    }

    @Override
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        Tokenizer.Tokens tokens = tokenizer.encode(texts);
        try (NDManager scratch = manager.newSubManager()) {
            NDArray ids = scratch.create(tokens.ids());
            NDArray mask = scratch.create(tokens.mask());
            return Conditioning.ofStates(scratch.ret(model.states(ids, mask, clipSkip, List.of())));
        }
    }

    @Override
    public Conditioning encodeWeighted(
            NDManager manager, List<Weighted> pieces, int clipSkip, List<TextualInversion> embeddings) {
        try (NDManager scratch = manager.newSubManager()) {
            NDList chunks = new NDList();
            for (Chunks.Chunk chunk : Chunks.of(tokenizer, pieces, embeddings, width)) {
                NDArray ids = scratch.create(new long[][] {chunk.ids()});
                NDArray mask = scratch.create(new long[][] {chunk.mask()});
                chunks.add(chunk.emphasized(model.states(ids, mask, clipSkip, chunk.vectors())));
            }
            return Conditioning.ofStates(scratch.ret(NDArrays.concat(chunks, 1)));
        }
    }

    @Override
    public boolean supportsWeights() {
        return true;
    }

    @Override
    public int maxClipSkip() {
        return maxClipSkip;
    }

    @Override
    public boolean supports(TextualInversion embedding) {
        return embedding.ofWidth(width).isPresent();
    }

    @Override
    public Optional<CutOff> cutOff(String text) {
        return tokenizer.cutOff(text);
    }

    /** Frees the tokenizer; the tensors go with their manager. */
    @Override
    public void close() {
        tokenizer.close();
    }
}
