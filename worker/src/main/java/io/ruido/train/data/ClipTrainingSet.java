package io.ruido.train.data;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.DiffusersFolder;
import io.ruido.train.recipe.ClipsConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The training data of a transformer for clips: latents of clips in several sizes and lengths, and states of their
 * captions, computed once. Geometries with one frame also have images.
 */
public final class ClipTrainingSet implements AutoCloseable {
    private final NDManager manager = Torch.newManager();
    private final AutoencoderKLWan vae;
    private final CaptionStates captions;
    private final List<Examples> examples = new ArrayList<>(); // of each geometry
    private final List<ClipsConfig.Clip> geometries;

    /**
     * Computes latents and states, or reads them from the cache.
     *
     * @param clips folder of clips
     * @param images folder of images
     * @param model a diffusers folder with autoencoder, text encoder and tokenizer
     */
    public ClipTrainingSet(Path clips, Optional<Path> images, ClipsConfig.Denoiser settings, Path model, Path cache)
            throws IOException {
        geometries = settings.geometries();
        Path folder = model.resolve("vae");
        vae = AutoencoderKLWan.NETWORK.read(folder, Weights.read(folder, manager, DataType.FLOAT32));
        Path weights = folder.resolve(DiffusersFolder.WEIGHTS);
        List<ImageFolder.Image> captioned = new ArrayList<>();
        Map<Integer, Examples> longest = new HashMap<>();
        Map<Integer, Examples> stills = new HashMap<>();
        for (int side :
                geometries.stream().map(ClipsConfig.Clip::size).distinct().toList()) {
            var sized = new ImageFolder.Sized(side, ImageFolder.readClips(clips, side));
            longest.put(side, Examples.clips(sized, mostFrames(side), vae, weights, cache));
            List<ImageFolder.Image> all = new ArrayList<>(sized.images());
            if (images.isPresent()) {
                var small = new ImageFolder.Sized(side, ImageFolder.read(images.get(), side));
                stills.put(side, Examples.clips(small, 1, vae, weights, cache));
                all.addAll(small.images());
            }
            captioned = all;
        }
        for (ClipsConfig.Clip geometry : geometries) {
            Examples own = longest.get(geometry.size()).beginnings(AutoencoderKLWan.latentFrames(geometry.frames()));
            boolean still = geometry.frames() == 1 && images.isPresent();
            examples.add(still ? own.and(stills.get(geometry.size())) : own);
        }
        captions = new CaptionStates(captioned, settings.captions(), model, cache);
    }

    private int mostFrames(int side) {
        return geometries.stream()
                .filter(geometry -> geometry.size() == side)
                .mapToInt(ClipsConfig.Clip::frames)
                .max()
                .orElseThrow();
    }

    /** Returns the number of geometries, which take turns. */
    public int turns() {
        return geometries.size();
    }

    public ClipsConfig.Clip geometry(int turn) {
        return geometries.get(turn);
    }

    /** Returns the latents of a geometry, with the indices of their captions. */
    public Examples latents(int turn) {
        return examples.get(turn);
    }

    public CaptionStates captions() {
        return captions;
    }

    /** The clips of latents (B, L, f, h, w): (B, 3, T, H, W), −1…1. */
    public NDArray decode(NDArray latents) {
        return vae.decode(vae.denormalized(latents));
    }

    @Override
    public void close() {
        captions.close();
        manager.close();
    }
}
