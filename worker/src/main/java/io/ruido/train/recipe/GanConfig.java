package io.ruido.train.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/**
 * A recipe's part that trains a generator of latents against a discriminator, from nothing: it draws in one pass.
 *
 * @param base a diffusers folder whose autoencoder and text encoder the new model has
 * @param labels labels of the images to train on, or none for all
 * @param scheduler config of diffusers' LCMScheduler for one step, with {@code prediction_type: sample}
 * @param model config of diffusers' UNet2DConditionModel, which is given noise alone
 */
public record GanConfig(
        Path base,
        Captioning captions,
        List<String> labels,
        ObjectNode scheduler,
        TrainConfig.Sampling sampling,
        AdversaryConfig discriminator,
        Optimization optimization,
        ObjectNode model) {
    public GanConfig {
        new Problems()
                .present("base", base)
                .present("captions", captions)
                .present("labels", labels)
                .present("scheduler", scheduler)
                .present("sampling", sampling)
                .present("discriminator", discriminator)
                .unless(
                        discriminator == null || !discriminator.widths().isEmpty(),
                        "discriminator.widths",
                        "one or more multiples of 4",
                        discriminator == null ? null : discriminator.widths())
                .present("optimization", optimization)
                .present("model", model)
                .reject();
    }
}
