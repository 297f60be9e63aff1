package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.tensor.Torch;
import io.ruido.train.DiffusersFolder;
import io.ruido.train.recipe.Captioning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The training data of a denoiser: the latents of every image and the states of its captions, computed once.
 *
 * <p>T states of a caption, D width of a state, L latent channels, h side of the latents.
 */
public final class TrainingSet implements AutoCloseable {
    private final NDManager manager;
    private final AutoencoderKL vae;
    private final CaptionStates captions;
    private final List<Examples> examples = new ArrayList<>();
    private final int imageSize;

    /**
     * Computes latents and states, or reads them from the cache.
     *
     * @param sizes the same images in one or more sizes
     * @param model a diffusers folder with autoencoder, text encoder and tokenizer
     */
    public TrainingSet(List<ImageFolder.Sized> sizes, Captioning captioning, Path model, Path cache)
            throws IOException {
        this.manager = Torch.newManager();
        Path folder = model.resolve("vae");
        this.vae = AutoencoderKL.read(folder, manager, DataType.FLOAT32);
        for (ImageFolder.Sized sized : sizes) {
            examples.add(Examples.latents(sized, vae, folder.resolve(DiffusersFolder.WEIGHTS), cache));
        }
        this.imageSize = sizes.getFirst().side();
        this.captions = new CaptionStates(sizes.getFirst().images(), captioning, model, cache);
    }

    public int count() {
        return examples.getFirst().count();
    }

    /** Side of the images that are drawn. */
    public int imageSize() {
        return imageSize;
    }

    /** Latents of the size that is drawn. */
    public Examples latents() {
        return examples.getFirst();
    }

    /** Returns the latents of a step; sizes take turns. */
    public Examples latentsAt(int step) {
        return examples.get(step % examples.size());
    }

    /** @see CaptionStates#captions */
    public NDArray captions(NDManager scratch, int[] images, RandomGenerator random) {
        return captions.captions(scratch, images, random);
    }

    /** The states of no text: (B, T, D). */
    public NDArray empty(NDManager scratch, int batch) {
        return captions.empty(scratch, batch);
    }

    /** How many states a caption has. */
    public int tokens() {
        return captions.tokens();
    }

    /** The states of any texts: (B, T, D). */
    public NDArray encode(NDManager owner, List<String> texts) {
        return captions.encode(owner, texts);
    }

    /** The images of latents: (B, 3, S, S), −1…1. */
    public NDArray decode(NDArray latents) {
        return vae.decode(latents.div((float) vae.config().scalingFactor()));
    }

    @Override
    public void close() {
        captions.close();
        manager.close();
    }
}
