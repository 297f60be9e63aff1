package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.pipeline.text.TextEncoder;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What the denoiser trains on: every picture's latents and the token states of its captions, computed once.
 *
 * <p>N pictures, K captions of each, T tokens, D width of a token, L latent channels, h side of the latents.
 */
final class TrainingSet implements AutoCloseable {
    private static final int BATCH = 16;

    private final NDManager manager;
    private final AutoencoderKL vae;
    private final TextEncoder textEncoder;
    private final List<Examples> examples = new ArrayList<>();
    private final int pictureSize;
    private final int captionsEach;
    private final NDArray states;

    /**
     * Computes latents and states, or reads them from the cache.
     *
     * @param sizes the same pictures in one or more sizes
     * @param model a diffusers folder with autoencoder, text encoder and tokenizer
     */
    TrainingSet(List<ImageFolder.Sized> sizes, TrainConfig.Denoiser config, Path model, Path cache) throws IOException {
        this.manager = Torch.newManager();
        Path folder = model.resolve("vae");
        this.vae = AutoencoderKL.read(folder, manager, DataType.FLOAT32);
        this.textEncoder = TextEncoder.read(model, manager, DataType.FLOAT32);
        for (ImageFolder.Sized sized : sizes) {
            examples.add(Examples.latents(sized, vae, folder.resolve(DiffusersFolder.WEIGHTS), cache));
        }
        this.pictureSize = sizes.getFirst().side();
        this.captionsEach = config.captions();
        this.states = states(sizes.getFirst().pictures(), model, cache);
    }

    private NDArray states(List<ImageFolder.Picture> pictures, Path model, Path cache) throws IOException {
        List<String> texts = new ArrayList<>();
        for (ImageFolder.Picture picture : pictures) {
            texts.addAll(Captions.of(picture, captionsEach, Seeds.of(0, texts.size())));
        }
        texts.add("");
        Path weights = model.resolve("text_encoder").resolve("model.safetensors");
        return Precomputed.of(cache, "states", texts, List.of(weights)).get(manager, () -> {
            NDList batches = new NDList();
            for (int from = 0; from < texts.size(); from += BATCH) {
                batches.add(encode(manager, texts.subList(from, Math.min(texts.size(), from + BATCH))));
            }
            return NDArrays.concat(batches);
        });
    }

    int count() {
        return examples.getFirst().count();
    }

    /** Side of the pictures that are drawn. */
    int pictureSize() {
        return pictureSize;
    }

    /** Latents of the size that is drawn. */
    Examples latents() {
        return examples.getFirst();
    }

    /** Sizes take turns. */
    Examples latentsAt(int step) {
        return examples.get(step % examples.size());
    }

    /** The token states of one caption of each picture, (B, T, D), or of the empty one now and then. */
    NDArray captions(NDManager scratch, int[] pictures, double dropout, RandomGenerator random) {
        long[] chosen = new long[pictures.length];
        for (int i = 0; i < chosen.length; i++) {
            boolean drop = random.nextDouble() < dropout;
            chosen[i] = drop ? emptyCaption() : (long) pictures[i] * captionsEach + random.nextInt(captionsEach);
        }
        return states(scratch, chosen);
    }

    /** The states of no text: (B, T, D). */
    NDArray empty(NDManager scratch, int batch) {
        long[] chosen = new long[batch];
        Arrays.fill(chosen, emptyCaption());
        return states(scratch, chosen);
    }

    private long emptyCaption() {
        return (long) count() * captionsEach;
    }

    private NDArray states(NDManager scratch, long[] captions) {
        NDArray chosen = states.get(new NDIndex("{}", scratch.create(captions)));
        chosen.attach(scratch);
        return chosen;
    }

    /** How many tokens a caption has. */
    int tokens() {
        return (int) states.getShape().get(1);
    }

    /** The token states of any texts: (B, T, D). */
    NDArray encode(NDManager owner, List<String> texts) {
        return textEncoder.encode(owner, texts);
    }

    /** The pictures of latents: (B, 3, S, S), −1…1. */
    NDArray decode(NDArray latents) {
        return vae.decode(latents.div((float) vae.config().scalingFactor()));
    }

    @Override
    public void close() {
        textEncoder.close();
        manager.close();
    }
}
