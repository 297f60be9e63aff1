package io.ruido.train.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;

/**
 * A recipe's part that trains a model of clips in the architecture of Wan: an autoencoder that is causal in time, and a
 * transformer of its latents.
 *
 * @param pictures a folder of images beside the clips: the autoencoder sees them as clips that do not move, the
 *     transformer as clips of one frame; or null for none
 */
public record ClipsConfig(Path pictures, Autoencoder autoencoder, Denoiser denoiser) {
    public ClipsConfig {
        new Problems()
                .present("autoencoder", autoencoder)
                .present("denoiser", denoiser)
                .reject();
    }

    /**
     * The first stage: an AutoencoderKLWan.
     *
     * @param learns what is trained of it
     * @param heldOut clips that are never trained on, for the measured PSNR
     * @param crop side of the random crops in pixels
     * @param frames number of frames of the crops, 4k + 1
     * @param stills share of the crops that are of images
     * @param flip mirrors every second crop
     * @param squaredLoss weight of the squared error of the pixels, beside 1 for their absolute error
     * @param gradientLoss weight of the L1 loss of the differences between neighbours in space and time
     * @param kl weight of the Kullback-Leibler divergence from N(0, 1), per latent number
     * @param model config of diffusers' AutoencoderKLWan; the latents' means and deviations are measured
     */
    public record Autoencoder(
            TrainConfig.Learns learns,
            int heldOut,
            int crop,
            int frames,
            double stills,
            boolean flip,
            double squaredLoss,
            double gradientLoss,
            double kl,
            Optimization optimization,
            ObjectNode model) {
        public Autoencoder {
            new Problems()
                    .present("learns", learns)
                    .within("heldOut", heldOut, 1, 100_000)
                    .within("crop", crop, 8, 1024)
                    .unless(
                            frames > 1 && frames % 4 == 1,
                            "frames",
                            "at least 5, and 1 more than a multiple of 4",
                            frames)
                    .within("stills", stills, 0, 1)
                    .within("squaredLoss", squaredLoss, 0, 100)
                    .within("gradientLoss", gradientLoss, 0, 100)
                    .within("kl", kl, 0, 1)
                    .present("optimization", optimization)
                    .present("model", model)
                    .reject();
        }
    }

    /**
     * The second stage: a transformer of latents.
     *
     * @param textEncoder folder of a BERT model: {@code config.json}, {@code model.safetensors} and the tokenizer
     * @param tokens length of every caption, padded or cut
     * @param firstFrames share of the clips that are given their first frame, so that a clip can begin with an image
     * @param geometries that take turns, the one of the samples first
     * @param scheduler config of diffusers' UniPCMultistepScheduler, with {@code prediction_type: flow_prediction}
     * @param optimization whose batch is of clips of the most patches; of others as many more as have about as many
     * @param model config of diffusers' WanTransformer3DModel
     */
    public record Denoiser(
            Path textEncoder,
            int tokens,
            Captioning captions,
            double firstFrames,
            List<Clip> geometries,
            ObjectNode scheduler,
            TrainConfig.Sampling sampling,
            Optimization optimization,
            ObjectNode model) {
        public Denoiser {
            new Problems()
                    .present("textEncoder", textEncoder)
                    .within("tokens", tokens, 4, 512)
                    .present("captions", captions)
                    .within("firstFrames", firstFrames, 0, 1)
                    .unless(
                            geometries != null && !geometries.isEmpty(),
                            "geometries",
                            "one or more, such as {size: 64, frames: 25}",
                            geometries)
                    .present("scheduler", scheduler)
                    .present("sampling", sampling)
                    .present("optimization", optimization)
                    .present("model", model)
                    .reject();
        }
    }

    /**
     * How large and how long clips are.
     *
     * @param size side in pixels
     * @param frames 4k + 1
     */
    public record Clip(int size, int frames) {
        public Clip {
            new Problems()
                    .within("size", size, 16, 1024)
                    .unless(frames > 0 && frames % 4 == 1, "frames", "1 more than a multiple of 4", frames)
                    .reject();
        }
    }
}
