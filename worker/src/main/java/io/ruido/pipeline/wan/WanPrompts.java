package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.text.T5EncoderModel;
import io.ruido.pipeline.ModelFolder;
import io.ruido.pipeline.text.Tokenizer;
import io.ruido.tensor.Ops;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Wan's texts: the states of UMT5, with zeros after the last token. */
final class WanPrompts implements AutoCloseable {
    /** T, to which every text is cut or padded. */
    private static final int TOKENS = 512;

    private final Tokenizer tokenizer;
    private final T5EncoderModel encoder;

    private WanPrompts(Tokenizer tokenizer, T5EncoderModel encoder) {
        this.tokenizer = tokenizer;
        this.encoder = encoder;
    }

    static WanPrompts read(ModelFolder folder, NDManager manager, DataType type) throws IOException {
        T5EncoderModel encoder = T5EncoderModel.read(folder.path().resolve("text_encoder"), manager, type);
        return new WanPrompts(Tokenizer.ofLength(folder.path().resolve("tokenizer"), TOKENS), encoder);
    }

    /**
     * Only a text's own tokens are computed, which do not see the padding.
     *
     * @return (1, T, D), of type float32
     */
    NDArray encode(NDManager manager, String text) {
        Tokenizer.Tokens tokens = tokenizer.encode(List.of(PromptCleaner.clean(text)));
        int count = (int) LongStream.of(tokens.mask()[0]).sum();
        try (NDManager scratch = manager.newSubManager()) {
            long[][] ids = {Arrays.copyOf(tokens.ids()[0], count)};
            NDArray mask = scratch.ones(new Shape(1, count), DataType.INT64);
            NDArray states = Ops.cast(encoder.forward(scratch.create(ids), mask), DataType.FLOAT32);
            NDArray zeros = scratch.zeros(new Shape(1, TOKENS - count, states.getShape().get(2)));
            return scratch.ret(count == TOKENS ? states : NDArrays.concat(new NDList(states, zeros), 1));
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
