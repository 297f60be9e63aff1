package io.ruido.train.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/**
 * A recipe's part that makes a model of few steps from one of many. The new model has the teacher's architecture,
 * autoencoder and text encoder, and begins with the teacher's weights unless {@code --from} names others.
 *
 * @param teacher a diffusers folder with a UNet2DConditionModel
 * @param guidance guidance of the teacher's predictions, which the new model learns
 * @param labels labels of the images to train on, or none for all
 * @param scheduler config of diffusers' LCMScheduler, with the teacher's noise schedule; what the new model predicts
 */
public record DistillationConfig(
        Path teacher,
        double guidance,
        Captioning captions,
        List<String> labels,
        ObjectNode scheduler,
        TrainConfig.Sampling sampling,
        Consistency consistency,
        Adversarial adversarial) {
    public DistillationConfig {
        new Problems()
                .present("teacher", teacher)
                .within("guidance", guidance, 1, 50)
                .present("captions", captions)
                .present("labels", labels)
                .present("scheduler", scheduler)
                .present("sampling", sampling)
                .present("consistency", consistency)
                .reject();
    }

    /**
     * The first stage: latent consistency distillation.
     *
     * @param grid how many timesteps the teacher's steps lead over
     * @param huber c of the pseudo-Huber loss √(d² + c²) − c
     */
    public record Consistency(int grid, double huber, Optimization optimization) {
        public Consistency {
            new Problems()
                    .within("grid", grid, 2, 500)
                    .positive("huber", huber)
                    .present("optimization", optimization)
                    .reject();
        }
    }

    /**
     * The second stage, which may be absent: adversarial distillation.
     *
     * @param timesteps that the new model is asked at, the noisiest first
     * @param distillation weight of the distance to what the teacher makes of the new model's samples
     */
    public record Adversarial(
            List<Integer> timesteps, double distillation, AdversaryConfig discriminator, Optimization optimization) {
        public Adversarial {
            new Problems()
                    .unless(timesteps != null && !timesteps.isEmpty(), "timesteps", "at least one", timesteps)
                    .within("distillation", distillation, 0, 1000)
                    .present("discriminator", discriminator)
                    .present("optimization", optimization)
                    .reject();
        }
    }
}
