package io.ruido.pipeline.stablediffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Conditioning;
import io.ruido.model.text.ClipTextModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.text.ClipStates;
import io.ruido.pipeline.text.CutOff;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextualInversion;
import io.ruido.pipeline.text.Tokenizer;
import io.ruido.tensor.Ops;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * SDXL's texts (Podell et al., 2023, §2.1): the last but one states of two CLIP text encoders beside each other, and the
 * pooled state of the second.
 */
final class XlPrompts implements Prompts {
    private final Tokenizer tokenizer1;
    private final Tokenizer tokenizer2;
    private final ClipTextModel encoder1;
    private final ClipTextModel encoder2;
    private final boolean zerosForEmpty;

    private XlPrompts(ModelFolder folder, Parts.WeightsReader weights) throws IOException {
        Path folder1 = folder.folder("text_encoder");
        Path folder2 = folder.folder("text_encoder_2");
        encoder1 = ClipTextModel.read(folder1, false, weights.read(folder1));
        encoder2 = ClipTextModel.read(folder2, true, weights.read(folder2));
        tokenizer1 =
                Tokenizer.read(folder.folder("tokenizer"), encoder1.config().maxPositionEmbeddings());
        tokenizer2 =
                Tokenizer.read(folder.folder("tokenizer_2"), encoder2.config().maxPositionEmbeddings());
        zerosForEmpty = folder.index().path("force_zeros_for_empty_prompt").asBoolean(true);
    }

    static XlPrompts read(ModelFolder folder, Parts.WeightsReader weights) throws IOException {
        return new XlPrompts(folder, weights);
    }

    @Override
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        try (NDManager scratch = manager.newSubManager()) {
            ClipTextModel.Output first = output(scratch, tokenizer1, encoder1, texts);
            ClipTextModel.Output second = output(scratch, tokenizer2, encoder2, texts);
            NDArray states = ClipStates.before(first, 1 + clipSkip).concat(ClipStates.before(second, 1 + clipSkip), 2);
            return Conditioning.ofStates(scratch.ret(states)).withPooled(scratch.ret(second.pooled()));
        }
    }

    private static ClipTextModel.Output output(
            NDManager scratch, Tokenizer tokenizer, ClipTextModel encoder, List<String> texts) {
        return encoder.forward(scratch.create(tokenizer.encode(texts).ids()), Ops.none());
    }

    @Override
    public Conditioning encodeNegative(NDManager manager, List<String> texts) {
        Conditioning encoded = encode(manager, texts, 0);
        if (zerosForEmpty) {
            for (int i = 0; i < texts.size(); i++) {
                if (texts.get(i).isEmpty()) {
                    encoded.states().get(i).muli(0);
                    encoded.pooled().get(i).muli(0);
                }
            }
        }
        return encoded;
    }

    @Override
    public Conditioning encodeWeighted(
            NDManager manager, List<Weighted> pieces, int clipSkip, List<TextualInversion> embeddings) {
        try (NDManager scratch = manager.newSubManager()) {
            NDArray first = ClipStates.weighted(scratch, tokenizer1, encoder1, pieces, 1 + clipSkip, embeddings)
                    .states();
            Conditioning second = ClipStates.weighted(scratch, tokenizer2, encoder2, pieces, 1 + clipSkip, embeddings);
            return Conditioning.ofStates(scratch.ret(first.concat(second.states(), 2)))
                    .withPooled(scratch.ret(second.pooled()));
        }
    }

    @Override
    public boolean supportsWeights() {
        return true;
    }

    /** One layer of each is left out anyway. */
    @Override
    public int maxClipSkip() {
        return Math.min(encoder1.config().numHiddenLayers(), encoder2.config().numHiddenLayers()) - 1;
    }

    @Override
    public boolean supports(TextualInversion embedding) {
        return embedding.ofWidth(encoder1.config().hiddenSize()).isPresent()
                && embedding.ofWidth(encoder2.config().hiddenSize()).isPresent();
    }

    @Override
    public Optional<CutOff> cutOff(String text) {
        return tokenizer1.cutOff(text);
    }

    @Override
    public void close() {
        tokenizer1.close();
        tokenizer2.close();
    }
}
