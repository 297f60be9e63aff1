package io.ruido.pipeline;

import io.ruido.diffusion.schedules.SchedulerConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The kinds of pipeline that Ruido runs, with the parts that they need and the defaults that diffusers gives them. */
enum PipelineKind {
    STABLE_DIFFUSION(
            50,
            7.5,
            Set.of("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"),
            Map.of("unet", Names.CONDITIONAL, "vae", Names.VAE, "text_encoder", Set.of("CLIPTextModel", "BertModel"))),
    STABLE_DIFFUSION_XL(
            50,
            5,
            Set.of("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline"),
            Map.of(
                    "unet",
                    Names.CONDITIONAL,
                    "vae",
                    Names.VAE,
                    "text_encoder",
                    Set.of("CLIPTextModel"),
                    "text_encoder_2",
                    Set.of("CLIPTextModelWithProjection"))),
    LATENT_CONSISTENCY(
            4,
            8.5,
            Set.of("LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline"),
            STABLE_DIFFUSION.parts),
    DDPM(1000, 1, Set.of("DDPMPipeline"), Map.of("unet", Set.of("UNet2DModel"))),
    DDIM(50, 1, Set.of("DDIMPipeline"), Map.of("unet", Set.of("UNet2DModel"))),
    DIT(50, 4, Set.of("DiTPipeline"), Map.of("transformer", Set.of("DiTTransformer2DModel"), "vae", Names.VAE)),
    PIXART_ALPHA(20, 4.5, Set.of("PixArtAlphaPipeline"), Names.PIXART),
    PIXART_SIGMA(20, 4.5, Set.of("PixArtSigmaPipeline"), Names.PIXART);

    private static final class Names {
        static final Set<String> VAE = Set.of("AutoencoderKL");
        static final Set<String> CONDITIONAL = Set.of("UNet2DConditionModel");
        static final Map<String, Set<String>> PIXART = Map.of(
                "transformer",
                Set.of("PixArtTransformer2DModel"),
                "vae",
                VAE,
                "text_encoder",
                Set.of("T5EncoderModel"));
    }

    private final int steps;
    private final double guidance;
    private final Set<String> classNames;
    private final Map<String, Set<String>> parts;

    PipelineKind(int steps, double guidance, Set<String> classNames, Map<String, Set<String>> parts) {
        this.steps = steps;
        this.guidance = guidance;
        this.classNames = classNames;
        this.parts = parts;
    }

    /** @throws IllegalArgumentException naming the class or the part that is not supported */
    static PipelineKind of(ModelFolder folder) {
        PipelineKind kind = Arrays.stream(values())
                .filter(candidate -> candidate.classNames.contains(folder.className()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("%s: _class_name is %s; supported: %s"
                        .formatted(folder.path(), folder.className(), String.join(", ", classNames()))));
        kind.parts.forEach((part, supported) -> {
            Optional<String> found = folder.part(part);
            if (found.isEmpty() || !supported.contains(found.get())) {
                throw new IllegalArgumentException("%s: %s is %s; supported: %s"
                        .formatted(
                                folder.path(),
                                part,
                                found.orElse("absent"),
                                String.join(", ", supported.stream().sorted().toList())));
            }
        });
        if (folder.flag("requires_aesthetics_score")) {
            throw new IllegalArgumentException(
                    "%s: requires_aesthetics_score is true; supported: false".formatted(folder.path()));
        }
        return kind;
    }

    private static List<String> classNames() {
        return Arrays.stream(values())
                .flatMap(kind -> kind.classNames.stream().sorted())
                .toList();
    }

    /**
     * The folder's, with what diffusers' oldest pipelines set right in files of their time, and TCD's γ where a pipeline
     * leaves it to the scheduler.
     */
    SchedulerConfig scheduler(ModelFolder folder) throws IOException {
        var read = SchedulerConfig.read(folder.folder("scheduler").resolve("scheduler_config.json"));
        if (this == DDPM && read.className().equals("TCDScheduler")) {
            return read.with("eta", 0.3);
        }
        if (this != STABLE_DIFFUSION) {
            return read;
        }
        SchedulerConfig corrected = read.replaced("steps_offset", 1);
        return folder.className().equals("StableDiffusionInpaintPipeline")
                ? corrected.replaced("skip_prk_steps", true)
                : corrected.replaced("clip_sample", false);
    }

    int steps() {
        return steps;
    }

    double guidance() {
        return guidance;
    }

    /** Name of the denoiser's part. */
    String denoiser() {
        return parts.containsKey("unet") ? "unet" : "transformer";
    }

    /** Whether it denoises latents of an autoencoder instead of pixels. */
    boolean latent() {
        return parts.containsKey("vae");
    }
}
