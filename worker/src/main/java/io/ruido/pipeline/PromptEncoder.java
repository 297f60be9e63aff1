package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.text.CutOff;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextualInversion;
import io.ruido.tensor.Ops;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Encodes prompts for a model's denoiser, in float32; for a model that draws classes, their numbers or names. */
public final class PromptEncoder implements AutoCloseable {
    private final Prompts prompts;
    private final Networks networks;

    PromptEncoder(Prompts prompts, Networks networks) {
        this.prompts = prompts;
        this.networks = networks;
    }

    /**
     * Encodes prompts.
     *
     * @param manager owner of the result
     */
    public Conditioning encode(NDManager manager, List<String> texts) {
        return encode(manager, texts, 0, List.of());
    }

    /**
     * Encodes prompts.
     *
     * @param manager owner of the result
     * @param clipSkip number of layers at the end of a CLIP text encoder that are left out
     * @param added to the layers of text encoders
     */
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip, List<AppliedLora> added) {
        return float32(networks.encode(
                Collections.nCopies(texts.size(), added), () -> prompts.encode(manager, texts, clipSkip)));
    }

    /** Encodes negative prompts; an empty one is none. */
    public Conditioning encodeNegative(NDManager manager, List<String> texts) {
        return encodeNegative(manager, texts, List.of());
    }

    /**
     * Encodes negative prompts; an empty one is none.
     *
     * @param added to the layers of text encoders
     */
    public Conditioning encodeNegative(NDManager manager, List<String> texts, List<AppliedLora> added) {
        return float32(networks.encode(
                Collections.nCopies(texts.size(), added), () -> prompts.encodeNegative(manager, texts)));
    }

    /**
     * Encodes one text of any length, of weighted pieces.
     *
     * @param added to the layers of text encoders
     * @param embeddings whose names can be in the text
     * @throws IllegalArgumentException when the model takes plain texts only
     */
    public Conditioning encodeWeighted(
            NDManager manager,
            List<Weighted> pieces,
            int clipSkip,
            List<AppliedLora> added,
            List<TextualInversion> embeddings) {
        return float32(
                networks.encode(List.of(added), () -> prompts.encodeWeighted(manager, pieces, clipSkip, embeddings)));
    }

    /** Whether {@link #encodeWeighted} takes weights, and texts of any length. */
    public boolean supportsWeights() {
        return prompts.supportsWeights();
    }

    /** How many of the last layers of a CLIP text encoder can be left out; 0 where there is none. */
    public int maxClipSkip() {
        return prompts.maxClipSkip();
    }

    /** Whether an embedding has vectors for all text encoders of the model. */
    public boolean supports(TextualInversion embedding) {
        return prompts.supports(embedding);
    }

    private static Conditioning float32(Conditioning conditioning) {
        return conditioning.map(part -> part.getDataType() == DataType.INT64 ? part : Ops.cast(part, DataType.FLOAT32));
    }

    /** The end of a text that {@link #encode} cuts off. */
    public Optional<CutOff> cutOff(String text) {
        return prompts.cutOff(text);
    }

    /**
     * The states of some texts: (B, T, D).
     *
     * @throws IllegalArgumentException when the denoiser needs more conditioning than these
     */
    public NDArray states(NDManager manager, List<String> texts) {
        Conditioning encoded = encode(manager, texts);
        if (encoded.states().isEmpty()
                || !encoded.pooled().isEmpty()
                || !encoded.mask().isEmpty()) {
            throw new IllegalArgumentException("the model is not conditioned by a text's states alone");
        }
        return encoded.states();
    }

    /** See {@link Prompts#encodesImages}. */
    public boolean encodesImages() {
        return prompts.encodesImages();
    }

    /** See {@link Prompts#encodeImage}. */
    public NDArray encodeImage(NDManager manager, RgbImage image) {
        return prompts.encodeImage(manager, image);
    }

    @Override
    public void close() {
        prompts.close();
    }
}
