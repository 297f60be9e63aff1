package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.pipeline.text.TextEncoder;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.train.recipe.Captioning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of the captions of images or clips, computed once.
 *
 * <p>B batch, K captions of each image, T states of a caption, D width of a state.
 */
public final class CaptionStates implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CaptionStates.class);
    private static final int BATCH = 16;
    private static final int BATCHES_PER_LINE = 250;

    private final NDManager manager;
    private final TextEncoder textEncoder;
    private final Captioning captioning;
    private final int[] rows; // of the states: K of each image, and the empty caption's
    private final NDArray states; // of each text once, in float16

    /**
     * Computes states, or reads them from the cache.
     *
     * @param model a diffusers folder with text encoder and tokenizer
     */
    CaptionStates(List<ImageFolder.Image> images, Captioning captioning, Path model, Path cache) throws IOException {
        this.manager = Torch.newManager();
        this.textEncoder = TextEncoder.read(model, manager, DataType.FLOAT32);
        if (!textEncoder.pooled() && (captioning.tokenDropout() > 0 || captioning.pooledNoise() > 0)) {
            throw new IllegalArgumentException("captions.tokenDropout and captions.pooledNoise must be 0, as "
                    + model.resolve("text_encoder/config.json") + " has no pooled_token_scale");
        }
        this.captioning = captioning;
        List<String> captions = captions(images, captioning.each());
        List<String> texts = captions.stream().distinct().toList();
        Map<String, Integer> places =
                IntStream.range(0, texts.size()).boxed().collect(Collectors.toMap(texts::get, Function.identity()));
        this.rows = captions.stream().mapToInt(places::get).toArray();
        this.states = states(texts, model.resolve("text_encoder"), cache);
    }

    private static List<String> captions(List<ImageFolder.Image> images, int each) {
        List<String> captions = new ArrayList<>();
        for (ImageFolder.Image image : images) {
            captions.addAll(Captions.of(image, each, Seeds.of(0, captions.size())));
        }
        captions.add("");
        return captions;
    }

    private NDArray states(List<String> texts, Path encoder, Path cache) throws IOException {
        List<Path> files = List.of(encoder.resolve("config.json"), encoder.resolve("model.safetensors"));
        return Precomputed.of(cache, "states", texts, files).get(manager, DataType.FLOAT16, scratch -> {
            NDList batches = new NDList();
            for (int from = 0; from < texts.size(); from += BATCH) {
                if (from % (BATCH * BATCHES_PER_LINE) == 0) {
                    log.info("encoding captions: {} of {}", from, texts.size());
                }
                batches.add(encode(scratch, texts.subList(from, Math.min(texts.size(), from + BATCH))));
            }
            return NDArrays.concat(batches);
        });
    }

    /**
     * Returns the states of one random caption of each image, (B, T, D), the pooled one last. Some captions are
     * replaced by the empty one, of others only the pooled state is kept, and the pooled state gets noise.
     */
    public NDArray captions(NDManager scratch, int[] images, RandomGenerator random) {
        long[] chosen = new long[images.length];
        float[] kept = new float[images.length];
        for (int i = 0; i < chosen.length; i++) {
            int caption = images[i] * captioning.each() + random.nextInt(captioning.each());
            chosen[i] = random.nextDouble() < captioning.dropout() ? emptyCaption() : rows[caption];
            kept[i] = random.nextDouble() < captioning.tokenDropout() ? 0 : 1;
        }
        NDArray all = states(scratch, chosen);
        if (!textEncoder.pooled()) {
            return all;
        }
        NDArray none = empty(scratch, 1).get(":, :-1"); // (1, T − 1, D)
        NDArray tokens = all.get(":, :-1").sub(none).mul(Torch.tensor(scratch, kept, new Shape(kept.length, 1, 1)));
        return none.add(tokens).concat(noisy(all.get(":, -1:"), random), 1);
    }

    /** Turns pooled states (B, 1, D) by random noise, keeping their lengths. */
    private NDArray noisy(NDArray pooled, RandomGenerator random) {
        int batch = (int) pooled.getShape().get(0),
                width = (int) pooled.getShape().get(2);
        float[] noise = Seeds.normal(random, batch * width);
        for (int b = 0; b < batch; b++) {
            float length =
                    (float) (random.nextDouble() * captioning.pooledNoise()); // relative to √width, the state's own
            for (int i = 0; i < width; i++) {
                noise[b * width + i] *= length;
            }
        }
        NDArray moved = pooled.add(Torch.tensor(pooled.getManager(), noise, pooled.getShape()));
        return moved.mul(length(pooled).div(length(moved)));
    }

    private static NDArray length(NDArray pooled) {
        return pooled.square().sum(new int[] {2}, true).sqrt();
    }

    /** Returns the states of the empty text: (B, T, D). */
    public NDArray empty(NDManager scratch, int batch) {
        long[] chosen = new long[batch];
        Arrays.fill(chosen, emptyCaption());
        return states(scratch, chosen);
    }

    private long emptyCaption() {
        return rows[rows.length - 1];
    }

    private NDArray states(NDManager scratch, long[] chosen) {
        NDArray all = states.get(new NDIndex("{}", scratch.create(chosen)));
        all.attach(scratch);
        return Ops.cast(all, DataType.FLOAT32);
    }

    /** Returns the number of states of a caption. */
    public int tokens() {
        return (int) states.getShape().get(1);
    }

    /** Returns the states of texts: (B, T, D). */
    public NDArray encode(NDManager owner, List<String> texts) {
        return textEncoder.encode(owner, texts);
    }

    @Override
    public void close() {
        textEncoder.close();
        manager.close();
    }
}
