package io.ruido.pipeline.pixart;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Conditioning;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** PixArt's texts: the states of T5, and which of them are padding. */
final class PixArtPrompts implements Prompts {
    private final Tokenizer tokenizer;
    private final T5EncoderModel encoder;

    private PixArtPrompts(Tokenizer tokenizer, T5EncoderModel encoder) {
        this.tokenizer = tokenizer;
        this.encoder = encoder;
    }

    /** @param tokens T, to which every text is cut or padded */
    static PixArtPrompts read(ModelFolder folder, int tokens, NDManager manager, DataType type) throws IOException {
        T5EncoderModel encoder = T5EncoderModel.read(folder.folder("text_encoder"), manager, type);
        return new PixArtPrompts(Tokenizer.ofLength(folder.folder("tokenizer"), tokens), encoder);
    }

    @Override
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        Tokenizer.Tokens tokens = tokenizer.encode(texts.stream()
                .map(text -> text.toLowerCase(Locale.ROOT).strip())
                .toList());
        try (NDManager scratch = manager.newSubManager()) {
            NDArray mask = scratch.create(tokens.mask());
            NDArray states = encoder.forward(scratch.create(tokens.ids()), mask);
            return Conditioning.ofStates(scratch.ret(states)).withMask(scratch.ret(mask));
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
