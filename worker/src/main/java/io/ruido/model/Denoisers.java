package io.ruido.model;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.function.BiFunction;

/** The denoisers by the names of their classes in diffusers. */
public final class Denoisers {
    private static final Map<String, BiFunction<JsonNode, Weights, Denoiser>> BUILDERS = new TreeMap<>(Map.of(
            "UNet2DConditionModel", (config, weights) -> new UNet2DConditionModel(UNetConfig.of(config), weights),
            "UNet2DModel", (config, weights) -> new UNet2DModel(UNet2DConfig.of(config), weights),
            "DiTTransformer2DModel", (config, weights) -> new DiTTransformer2DModel(DiTConfig.of(config), weights),
            "PixArtTransformer2DModel",
                    (config, weights) -> new PixArtTransformer2DModel(PixArtConfig.of(config), weights)));

    private Denoisers() {}

    public static Set<String> names() {
        return BUILDERS.keySet();
    }

    /**
     * Reads {@code config.json} of a folder.
     *
     * @param weights of this folder
     * @throws IllegalArgumentException naming a class, setting or tensor that is not supported
     */
    public static Denoiser read(String className, Path folder, Weights weights) throws IOException {
        if (!names().contains(className)) {
            throw new IllegalArgumentException(
                    "%s: _class_name is %s; supported: %s".formatted(folder, className, String.join(", ", names())));
        }
        Denoiser denoiser = of(className, ModelSettings.read(folder), weights);
        weights.rejectUnread();
        return denoiser;
    }

    /** A denoiser by the settings of a {@code config.json}. */
    public static Denoiser of(String className, JsonNode config, Weights weights) {
        return BUILDERS.get(className).apply(config, weights);
    }
}
