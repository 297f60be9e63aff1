package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.Conditioning;
import io.ruido.model.text.ClipTextModel;
import java.util.List;

/** States of a CLIP text encoder that are taken before its end. */
public final class ClipStates {
    private ClipStates() {}

    /**
     * The states of a text of weighted pieces, and the pooled state of its first chunk.
     *
     * @param skip layers that are left out
     * @param embeddings whose names are in the text
     */
    public static Conditioning weighted(
            NDManager scratch,
            Tokenizer tokenizer,
            ClipTextModel encoder,
            List<Weighted> pieces,
            int skip,
            List<TextualInversion> embeddings) {
        NDList chunks = new NDList();
        NDArray pooled = null;
        for (Chunks.Chunk chunk :
                Chunks.of(tokenizer, pieces, embeddings, encoder.config().hiddenSize())) {
            ClipTextModel.Output output = encoder.forward(
                    scratch.create(new long[][] {chunk.ids()}),
                    scratch.create(new long[][] {chunk.mask()}),
                    chunk.vectors());
            chunks.add(chunk.emphasized(before(output, skip)));
            pooled = pooled == null ? output.pooled() : pooled;
        }
        return Conditioning.ofStates(NDArrays.concat(chunks, 1)).withPooled(pooled);
    }

    /**
     * @param skip layers that are left out
     * @throws IllegalArgumentException when there are not that many
     */
    public static NDArray before(ClipTextModel.Output output, int skip) {
        int layers = output.hidden().size() - 1;
        if (skip < 0 || skip > layers) {
            throw new IllegalArgumentException(
                    "clip skip must leave 0 to %d layers, leaves %d".formatted(layers, layers - skip));
        }
        return output.hidden().get(layers - skip);
    }
}
