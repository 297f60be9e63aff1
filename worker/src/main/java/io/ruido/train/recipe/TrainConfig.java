package io.ruido.train.recipe;

import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A training recipe, read from YAML.
 *
 * @param name name of the model
 * @param data folder of images with {@code metadata.jsonl}
 * @param output folder for checkpoints, metrics, samples and the exported model
 * @param size side of an image in pixels
 * @param sizes further sides, for denoisers that draw several: steps take them in turn; may be absent
 * @param seed fixes fresh weights, the order of images, crops, captions and noise
 * @param autoencoder and a denoiser of its latents, or
 * @param pixels a denoiser of pixels, or
 * @param distillation a model of few steps from one of many, or
 * @param gan a generator that draws in one pass, or
 * @param clips a model of clips
 */
public record TrainConfig(
        String name,
        Path data,
        Path output,
        int size,
        List<Integer> sizes,
        long seed,
        Autoencoder autoencoder,
        Denoiser denoiser,
        Pixels pixels,
        DistillationConfig distillation,
        GanConfig gan,
        ClipsConfig clips) {
    /** Inner parts first. */
    private static final Map<String, Class<?>> PARTS = parts();

    private static Map<String, Class<?>> parts() {
        Map<String, Class<?>> parts = new LinkedHashMap<>();
        parts.put("autoencoder.adversarial.discriminator", AdversaryConfig.class);
        parts.put("autoencoder.adversarial", Adversarial.class);
        parts.put("autoencoder.optimization", Optimization.class);
        parts.put("denoiser.captions", Captioning.class);
        parts.put("denoiser.optimization", Optimization.class);
        parts.put("denoiser.sampling", Sampling.class);
        parts.put("pixels.optimization", Optimization.class);
        parts.put("pixels.sampling", Unguided.class);
        parts.put("distillation.captions", Captioning.class);
        parts.put("distillation.sampling", Sampling.class);
        parts.put("distillation.consistency.optimization", Optimization.class);
        parts.put("distillation.consistency", DistillationConfig.Consistency.class);
        parts.put("distillation.adversarial.optimization", Optimization.class);
        parts.put("distillation.adversarial.discriminator", AdversaryConfig.class);
        parts.put("distillation.adversarial", DistillationConfig.Adversarial.class);
        parts.put("gan.captions", Captioning.class);
        parts.put("gan.sampling", Sampling.class);
        parts.put("gan.optimization", Optimization.class);
        parts.put("gan.discriminator", AdversaryConfig.class);
        parts.put("clips.autoencoder.optimization", Optimization.class);
        parts.put("clips.autoencoder", ClipsConfig.Autoencoder.class);
        parts.put("clips.denoiser.captions", Captioning.class);
        parts.put("clips.denoiser.optimization", Optimization.class);
        parts.put("clips.denoiser.sampling", Sampling.class);
        parts.put("clips.denoiser", ClipsConfig.Denoiser.class);
        parts.put("clips", ClipsConfig.class);
        parts.put("autoencoder", Autoencoder.class);
        parts.put("denoiser", Denoiser.class);
        parts.put("pixels", Pixels.class);
        parts.put("distillation", DistillationConfig.class);
        parts.put("gan", GanConfig.class);
        parts.put("", TrainConfig.class);
        return parts;
    }

    public TrainConfig {
        sizes = sizes == null ? List.of() : List.copyOf(sizes);
        var problems = new Problems()
                .present("name", name)
                .present("data", data)
                .present("output", output)
                .within("size", size, 16, 1024);
        sizes.forEach(side -> problems.within("sizes", side, 16, 1024));
        if (pixels == null && distillation == null && gan == null && clips == null) {
            problems.present("autoencoder", autoencoder).present("denoiser", denoiser);
        } else {
            problems.absent("autoencoder", autoencoder).absent("denoiser", denoiser);
        }
        if (pixels != null) {
            problems.absent("distillation", distillation).absent("gan", gan).absent("clips", clips);
        } else if (distillation != null) {
            problems.absent("gan", gan).absent("clips", clips);
        } else if (gan != null) {
            problems.absent("clips", clips);
        }
        problems.reject();
    }

    /** All sides that a denoiser is trained on, the main one first. */
    public List<Integer> sides() {
        return Stream.concat(Stream.of(size), sizes.stream()).distinct().toList();
    }

    /** The part of an autoencoder that is trained; all of it unless it begins as another model's. */
    public enum Learns {
        ALL,
        /** The latents do not change, so denoisers of them stay valid. */
        DECODER,
        NOTHING;

        /** Whether a tensor of an autoencoder is trained when this part is. */
        public boolean trains(String name) {
            return this == ALL || name.startsWith("decoder.") || name.startsWith("post_quant_conv.");
        }
    }

    /**
     * The first stage: an AutoencoderKL.
     *
     * @param learns what is trained of it
     * @param heldOut images that are never trained on, for the measured PSNR
     * @param crop side of the random crops in pixels
     * @param wholeFrom share of the steps after which whole images replace crops, in batches of as many pixels: group
     *     norms see other statistics in a crop than in an image
     * @param flip mirrors every second batch
     * @param squaredLoss weight of the squared error of the pixels, beside 1 for their absolute error
     * @param gradientLoss weight of the L1 loss of the differences between neighbouring pixels
     * @param kl weight of the Kullback-Leibler divergence from N(0, 1), per latent number
     * @param adversarial adds a discriminator's opinion to the loss, if given
     * @param precision precision of the network's inner values, float32 if absent; weights and moments are float32
     *     always
     * @param model config of diffusers' AutoencoderKL
     */
    public record Autoencoder(
            Learns learns,
            int heldOut,
            int crop,
            double wholeFrom,
            boolean flip,
            double squaredLoss,
            double gradientLoss,
            double kl,
            Adversarial adversarial,
            Precision precision,
            Optimization optimization,
            ObjectNode model) {
        public Autoencoder {
            precision = precision == null ? Precision.FLOAT32 : precision;
            new Problems()
                    .present("learns", learns)
                    .within("heldOut", heldOut, 1, 100_000)
                    .within("crop", crop, 8, 1024)
                    .within("wholeFrom", wholeFrom, 0, 1)
                    .within("squaredLoss", squaredLoss, 0, 100)
                    .within("gradientLoss", gradientLoss, 0, 100)
                    .within("kl", kl, 0, 1)
                    .present("optimization", optimization)
                    .present("model", model)
                    .reject();
        }
    }

    /**
     * A discriminator that learns to distinguish images from reconstructions, patch by patch.
     *
     * @param weight weight of its loss, relative to the other losses
     * @param from share of the steps after which its loss counts
     */
    public record Adversarial(double weight, double from, AdversaryConfig discriminator) {
        public Adversarial {
            new Problems()
                    .within("weight", weight, 0, 10)
                    .within("from", from, 0, 1)
                    .present("discriminator", discriminator)
                    .reject();
        }
    }

    /** A type to compute in. */
    public enum Precision {
        FLOAT32,
        /** Faster on processors that multiply it in hardware, slower on others. */
        BFLOAT16;

        public DataType type() {
            return DataType.valueOf(name());
        }
    }

    /**
     * The second stage: a denoiser of latents.
     *
     * @param textEncoder folder of a BERT model: {@code config.json}, {@code model.safetensors} and the tokenizer
     * @param tokens length of every caption, padded or cut
     * @param labels labels of the images to train on, or none for all
     * @param precision as the autoencoder's
     * @param minSnrGamma γ of the Min-SNR loss weights (Hang et al. 2023, §3.4), 0 for equal weights
     * @param scheduler config of diffusers' DDIMScheduler: the noise schedule and what the model predicts
     * @param model config of diffusers' UNet2DConditionModel, or of PixArtTransformer2DModel if its {@code _class_name}
     *     says so
     */
    public record Denoiser(
            Path textEncoder,
            int tokens,
            Captioning captions,
            List<String> labels,
            Precision precision,
            double minSnrGamma,
            ObjectNode scheduler,
            Sampling sampling,
            Optimization optimization,
            ObjectNode model) {
        public Denoiser {
            precision = precision == null ? Precision.FLOAT32 : precision;
            new Problems()
                    .present("textEncoder", textEncoder)
                    .within("tokens", tokens, 4, 512)
                    .present("captions", captions)
                    .present("labels", labels)
                    .within("minSnrGamma", minSnrGamma, 0, 100)
                    .present("scheduler", scheduler)
                    .present("sampling", sampling)
                    .present("optimization", optimization)
                    .present("model", model)
                    .reject();
        }
    }

    /**
     * The only stage of a model without text: a UNet2DModel that denoises pixels.
     *
     * @param model config of diffusers' UNet2DModel; the others are as the {@link Denoiser}'s
     */
    public record Pixels(
            Precision precision,
            double minSnrGamma,
            ObjectNode scheduler,
            Unguided sampling,
            Optimization optimization,
            ObjectNode model) {
        public Pixels {
            precision = precision == null ? Precision.FLOAT32 : precision;
            new Problems()
                    .within("minSnrGamma", minSnrGamma, 0, 100)
                    .present("scheduler", scheduler)
                    .present("sampling", sampling)
                    .present("optimization", optimization)
                    .present("model", model)
                    .reject();
        }
    }

    /** How the sample grids of a model without text are drawn: that many images, by DDIM. */
    public record Unguided(int pictures, int steps) {
        public Unguided {
            new Problems()
                    .within("pictures", pictures, 1, 256)
                    .within("steps", steps, 1, 1000)
                    .reject();
        }
    }

    /** How the sample grids are drawn: DDIM with guidance. */
    public record Sampling(List<String> prompts, int steps, double guidance) {
        public Sampling {
            new Problems()
                    .unless(prompts != null && !prompts.isEmpty(), "prompts", "at least one", prompts)
                    .within("steps", steps, 1, 1000)
                    .within("guidance", guidance, 0, 50)
                    .reject();
        }
    }

    /**
     * Reads a recipe.
     *
     * @throws IllegalArgumentException naming every wrong value
     */
    public static TrainConfig read(Path file) throws IOException {
        YAMLMapper yaml = YAMLMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
                .build();
        JsonNode tree = yaml.readTree(file.toFile());
        Set<String> problems = new LinkedHashSet<>();
        Set<String> wrong = new HashSet<>();
        PARTS.forEach((place, type) -> check(yaml, tree, place, type, problems, wrong));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(file + ":\n" + String.join("\n", problems));
        }
        return yaml.treeToValue(tree, TrainConfig.class);
    }

    private static void check(
            YAMLMapper yaml, JsonNode tree, String place, Class<?> type, Set<String> problems, Set<String> wrong) {
        JsonNode part = place.isEmpty() ? tree : tree.at("/" + place.replace('.', '/'));
        if (part.isMissingNode() || part.isNull()) {
            return; // the check of its parent reports a missing part
        }
        String prefix = place.isEmpty() ? "" : place + ".";
        try {
            yaml.treeToValue(without(part, prefix, wrong), type);
        } catch (JsonProcessingException e) {
            String reason =
                    e.getCause() instanceof IllegalArgumentException bad ? bad.getMessage() : e.getOriginalMessage();
            reason.lines()
                    .filter(line ->
                            wrong.stream().noneMatch(inner -> (prefix + line).startsWith(inner + " must be given")))
                    .forEach(line -> problems.add(prefix + line));
            wrong.add(place);
        }
    }

    /** Returns a part without its own invalid parts, so that its other errors are found too. */
    private static JsonNode without(JsonNode part, String prefix, Set<String> wrong) {
        JsonNode copy = part.deepCopy();
        part.fieldNames().forEachRemaining(name -> {
            if (wrong.contains(prefix + name)) {
                ((ObjectNode) copy).putNull(name);
            }
        });
        return copy;
    }
}
