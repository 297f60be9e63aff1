package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Conditioning;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.Tokenizer;
import io.ruido.tensor.Ops;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/** Wan's texts: the states of UMT5, with zeros after the last token; and of some models CLIP's states of an image. */
final class WanPrompts implements Prompts {
    /** T, to which every text is cut or padded. */
    private static final int TOKENS = 512;

    private final Tokenizer tokenizer;
    private final T5EncoderModel encoder;
    private final Optional<ClipVisionEncoder> imageEncoder;

    private WanPrompts(Tokenizer tokenizer, T5EncoderModel encoder, Optional<ClipVisionEncoder> imageEncoder) {
        this.tokenizer = tokenizer;
        this.encoder = encoder;
        this.imageEncoder = imageEncoder;
    }

    /** @param encodesImages whether the denoiser is conditioned on an image's states */
    static WanPrompts read(ModelFolder folder, NDManager manager, DataType type, boolean encodesImages)
            throws IOException {
        T5EncoderModel encoder = T5EncoderModel.read(folder.folder("text_encoder"), manager, type);
        Optional<ClipVisionEncoder> imageEncoder =
                encodesImages ? Optional.of(ClipVisionEncoder.read(folder, manager)) : Optional.empty();
        return new WanPrompts(Tokenizer.ofLength(folder.folder("tokenizer"), TOKENS), encoder, imageEncoder);
    }

    @Override
    public boolean encodesImages() {
        return imageEncoder.isPresent();
    }

    @Override
    public NDArray encodeImage(NDManager manager, RgbImage image) {
        return imageEncoder.isPresent() ? imageEncoder.get().encode(manager, image) : Ops.none();
    }

    @Override
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        Tokenizer.Tokens tokens =
                tokenizer.encode(texts.stream().map(PromptCleaner::clean).toList());
        try (NDManager scratch = manager.newSubManager()) {
            var states = new NDList();
            for (int i = 0; i < texts.size(); i++) {
                int count = (int) LongStream.of(tokens.mask()[i]).sum();
                states.add(states(scratch, Arrays.copyOf(tokens.ids()[i], count)));
            }
            return Conditioning.ofStates(scratch.ret(NDArrays.concat(states, 0)));
        }
    }

    /** Returns the states (1, T, D) of a text's own tokens, which do not attend to the padding. */
    private NDArray states(NDManager scratch, long[] ids) {
        NDArray mask = scratch.ones(new Shape(1, ids.length), DataType.INT64);
        NDArray states = encoder.forward(scratch.create(new long[][] {ids}), mask);
        Shape missing = new Shape(1, TOKENS - ids.length, states.getShape().get(2));
        return ids.length == TOKENS ? states : states.concat(Ops.cast(scratch.zeros(missing), states.getDataType()), 1);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
