package io.ruido.model;

import io.ruido.model.transformer.DiTConfig;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.model.transformer.PixArtConfig;
import io.ruido.model.transformer.PixArtTransformer2DModel;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNet2DConfig;
import io.ruido.model.unet.UNet2DModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The denoisers by the names of their classes in diffusers. */
public final class Denoisers {
    @FunctionalInterface
    private interface Reader {
        Denoiser read(Path folder, Weights weights) throws IOException;
    }

    private static final Map<String, Reader> READERS = new TreeMap<>(Map.of(
            "UNet2DConditionModel", (folder, weights) -> new UNet2DConditionModel(UNetConfig.read(folder), weights),
            "UNet2DModel", (folder, weights) -> new UNet2DModel(UNet2DConfig.read(folder), weights),
            "DiTTransformer2DModel", (folder, weights) -> new DiTTransformer2DModel(DiTConfig.read(folder), weights),
            "PixArtTransformer2DModel",
                    (folder, weights) -> new PixArtTransformer2DModel(PixArtConfig.read(folder), weights)));

    private Denoisers() {}

    public static Set<String> names() {
        return READERS.keySet();
    }

    /**
     * Reads {@code config.json} of a folder.
     *
     * @param weights of this folder
     * @throws IllegalArgumentException naming a class, setting or tensor that is not supported
     */
    public static Denoiser read(String className, Path folder, Weights weights) throws IOException {
        Reader reader = READERS.get(className);
        if (reader == null) {
            throw new IllegalArgumentException(
                    "%s: _class_name is %s; supported: %s".formatted(folder, className, String.join(", ", names())));
        }
        Denoiser denoiser = reader.read(folder, weights);
        weights.rejectUnread();
        return denoiser;
    }
}
