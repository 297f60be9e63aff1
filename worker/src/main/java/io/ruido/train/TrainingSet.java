package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.AutoencoderKL;
import io.ruido.nn.Torch;
import io.ruido.pipeline.TextEncoder;
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
    private final int count;
    private final int pictureSize;
    private final int captionsEach;
    private final float[] latents;
    private final Shape latentShape;
    private final NDArray states;
    private long round = -1;
    private int[] order;

    /**
     * Computes latents and states, or reads them from the cache.
     *
     * @param model a diffusers folder with autoencoder, text encoder and tokenizer
     */
    TrainingSet(
            List<ImageFolder.Picture> pictures, int pictureSize, TrainConfig.Denoiser config, Path model, Path cache)
            throws IOException {
        this.manager = Torch.newManager();
        this.vae = AutoencoderKL.read(model.resolve("vae"), manager, DataType.FLOAT32);
        this.textEncoder = TextEncoder.read(model, manager, DataType.FLOAT32);
        this.count = pictures.size();
        this.pictureSize = pictureSize;
        this.captionsEach = config.captions();
        int side = pictureSize / vae.config().downscale();
        this.latentShape = new Shape(1, vae.config().latentChannels(), side, side);
        this.latents = latents(pictures, model, cache);
        this.states = states(pictures, model, cache);
    }

    private float[] latents(List<ImageFolder.Picture> pictures, Path model, Path cache) throws IOException {
        List<String> names = pictures.stream().map(ImageFolder.Picture::file).toList();
        Path weights = model.resolve("vae").resolve(DiffusersFolder.WEIGHTS);
        try (NDArray all = Precomputed.of(cache, "latents", names, List.of(weights))
                .get(manager, () -> {
                    NDList batches = new NDList();
                    for (int from = 0; from < count; from += BATCH) {
                        batches.add(encodePictures(pictures.subList(from, Math.min(count, from + BATCH))));
                    }
                    return NDArrays.concat(batches);
                })) {
            return all.toFloatArray();
        }
    }

    private NDArray encodePictures(List<ImageFolder.Picture> pictures) {
        try (NDManager scratch = manager.newSubManager()) {
            float[] pixels = new float[pictures.size() * 3 * pictureSize * pictureSize];
            int at = 0;
            for (ImageFolder.Picture picture : pictures) {
                for (byte value : picture.planes()) {
                    pixels[at++] = Pictures.level(value);
                }
            }
            NDArray x = scratch.create(pixels, new Shape(pictures.size(), 3, pictureSize, pictureSize));
            return scratch.ret(vae.encode(x).mean().mul((float) vae.config().scalingFactor()));
        }
    }

    private NDArray states(List<ImageFolder.Picture> pictures, Path model, Path cache) throws IOException {
        List<String> texts = new ArrayList<>();
        for (ImageFolder.Picture picture : pictures) {
            texts.addAll(Captions.of(picture, captionsEach, Seeds.of(0, texts.size())));
        }
        texts.add("");
        Path weights = model.resolve("text_encoder").resolve("model.safetensors");
        NDArray empty = encode(manager, List.of(""));
        Shape shape = new Shape(
                texts.size(), empty.getShape().get(1), empty.getShape().get(2));
        return Precomputed.of(cache, "states", texts, List.of(weights)).get(manager, () -> {
            NDList batches = new NDList();
            for (int from = 0; from < texts.size(); from += BATCH) {
                batches.add(encode(manager, texts.subList(from, Math.min(texts.size(), from + BATCH))));
            }
            return NDArrays.concat(batches);
        });
    }

    int size() {
        return count;
    }

    int pictureSize() {
        return pictureSize;
    }

    /** How many numbers the latents of one picture are. */
    int latentSize() {
        return (int) latentShape.size();
    }

    /** (B, L, h, h) */
    Shape latentShape(int batch) {
        return new Shape(batch, latentShape.get(1), latentShape.get(2), latentShape.get(3));
    }

    /** The latents of one picture, scaled to unit variance. */
    float[] latents(int picture) {
        return Arrays.copyOfRange(latents, picture * latentSize(), (picture + 1) * latentSize());
    }

    /** The picture at a place of an endless sequence that has every picture once in each round. */
    int inRound(long seed, long position) {
        if (position / count != round) {
            round = position / count;
            order = Seeds.round(seed, round, count);
        }
        return order[(int) (position % count)];
    }

    /** One of the captions of a picture, as an index of their states. */
    long caption(int picture, RandomGenerator random) {
        return (long) picture * captionsEach + random.nextInt(captionsEach);
    }

    long emptyCaption() {
        return (long) count * captionsEach;
    }

    /** The token states of some captions: (B, T, D). */
    NDArray context(NDManager scratch, long[] captions) {
        NDArray context = states.get(new NDIndex("{}", scratch.create(captions)));
        context.attach(scratch);
        return context;
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
