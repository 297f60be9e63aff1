package io.ruido.standalone.generate;

import io.ruido.image.ImageFile;
import io.ruido.job.Artifact;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Infotext;
import io.ruido.job.Output;
import io.ruido.job.Seeds;
import io.ruido.job.Variation;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.lora.LoraFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "sample",
        mixinStandardHelpOptions = true,
        description = "Makes images and clips from a diffusers folder without a server, to check weights.")
public final class SampleCommand implements Callable<Integer> {
    private static final double STRENGTH = 0.8;

    @Option(names = "--model", paramLabel = "FOLDER", required = true, description = "Folder with a model_index.json.")
    private Path model;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "", description = "What the image shows.")
    private String prompt;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of the first image; ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--low-noise-guidance",
            paramLabel = "SCALE",
            description = "Guidance of the second transformer of Wan 2.2; the same as --guidance by default.")
    private Double lowNoiseGuidance;

    @Option(
            names = "--guidance-rescale",
            defaultValue = "0",
            description = "How strongly overexposure by guidance is corrected, 0 to 1; ${DEFAULT-VALUE}.")
    private double guidanceRescale;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "1",
            description = "Number of images, each with the next seed.")
    private int count;

    @Mixin
    private SamplingOptions options;

    @Mixin
    private SourceOptions start;

    @Option(names = "--lora", paramLabel = "FILE[:WEIGHT]", description = "LoRA to add to the layers; can be repeated.")
    private List<String> loras = List.of();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "image.png",
            description =
                    "File to write, of the kind that its name ends with: png, jpeg, webp, or of a clip mp4, webm, webp;"
                            + " ${DEFAULT-VALUE}. The second image gets -1 before the dot.")
    private Path out;

    @Option(names = "--latents", paramLabel = "FILE", description = "NumPy file to write the finished latents to.")
    private Path latents;

    @Mixin
    private ComputeOptions compute;

    @Override
    public Integer call() throws IOException {
        requireFolder(out);
        NumberedFile.format(out); // which refuses unknown extensions
        if (latents != null) {
            requireFolder(latents);
        }
        try (DiffusionPipeline pipeline =
                DiffusionPipeline.read(model, compute.device(), compute.type(), compute.engine(), loras())) {
            SampleRequest request = request(pipeline);
            var sampling = new Sampling(pipeline);
            List<Sampling.Result> results = new ArrayList<>();
            try (JobProgress progress = new JobProgress(model.getFileName().toString(), count, request.stepsMade())) {
                for (int i = 0; i < count; i++) {
                    int index = i;
                    results.add(sampling.run(request.ofImage(i), step -> progress.step(index, step)));
                }
            }
            for (int i = 0; i < count; i++) {
                Path file = NumberedFile.file(out, i);
                Files.write(
                        file,
                        file(pipeline, results.get(i).frames(), request.ofImage(i))
                                .bytes());
                System.out.println(file);
            }
            if (latents != null) {
                NumpyFile.write(latents, results);
            }
            return 0;
        }
    }

    /** Checks that a file's folder exists before minutes of sampling. */
    private static void requireFolder(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString());
        }
    }

    private SampleRequest request(DiffusionPipeline pipeline) throws IOException {
        if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1, was " + count);
        }
        Optional<RgbImage> image = image("image", start.image());
        Geometry geometry = geometry(pipeline, image);
        return new SampleRequest(
                prompt,
                options.negativePrompt == null ? "" : options.negativePrompt,
                new Seeds(seed, variation()),
                options.steps == null ? pipeline.defaults().steps() : options.steps,
                Optional.ofNullable(options.sampler),
                options.guidance == null ? pipeline.defaults().guidance() : options.guidance,
                guidanceRescale,
                geometry,
                options.clipSkip == null ? 0 : options.clipSkip,
                source(image.map(found -> found.resized(geometry.width(), geometry.height())), geometry),
                Optional.ofNullable(options.eta),
                Churn.NONE,
                Optional.ofNullable(lowNoiseGuidance));
    }

    private Geometry geometry(DiffusionPipeline pipeline, Optional<RgbImage> image) {
        if (options.size != null) {
            return new Geometry(options.size.width(), options.size.height(), frames(pipeline));
        }
        Geometry own = pipeline.defaultGeometry();
        return image.map(found -> new Geometry(found.width(), found.height(), frames(pipeline)))
                .orElseGet(() -> new Geometry(own.width(), own.height(), frames(pipeline)));
    }

    private int frames(DiffusionPipeline pipeline) {
        if (options.seconds != null) {
            if (options.frames != null) {
                throw new IllegalArgumentException("seconds must not be given with frames, was " + options.seconds);
            }
            return pipeline.clips()
                    .map(clips ->
                            clips.frames(options.seconds, options.fps == null ? clips.framesPerSecond() : options.fps))
                    .orElseThrow(() -> new IllegalArgumentException(
                            "seconds is for clips, but the model makes images, was " + options.seconds));
        }
        boolean clip = !List.of(Output.Format.PNG, Output.Format.JPEG).contains(NumberedFile.format(out));
        return options.frames != null
                ? options.frames
                : clip ? pipeline.defaultGeometry().frames() : 1;
    }

    private Variation variation() {
        if (start.variationSeed().isPresent() != start.variationStrength().isPresent()) {
            throw new IllegalArgumentException("variation seed and variation strength need each other");
        }
        return start.variationSeed()
                .map(other -> new Variation(other, start.variationStrength().orElseThrow()))
                .orElse(null);
    }

    private Optional<SampleRequest.Source> source(Optional<RgbImage> image, Geometry geometry) throws IOException {
        Optional<RgbImage> mask = image("mask", start.mask());
        if (image.isEmpty() && (mask.isPresent() || start.strength().isPresent())) {
            throw new IllegalArgumentException("mask and strength need an image");
        }
        return image.map(found -> new SampleRequest.Source(
                found,
                start.strength().orElse(geometry.isClip() ? 1 : STRENGTH),
                mask.map(white -> white.resized(found.width(), found.height()))));
    }

    private static Optional<RgbImage> image(String option, Optional<Path> file) throws IOException {
        return file.isEmpty()
                ? Optional.empty()
                : Optional.of(RgbImage.of(ImageFile.read(option, Files.readAllBytes(file.get()), Integer.MAX_VALUE)
                        .image()));
    }

    private List<LoraFile> loras() {
        return loras.stream()
                .map(given -> {
                    Matcher weighted =
                            Pattern.compile("(.+):(-?\\d+(?:\\.\\d+)?)").matcher(given);
                    return weighted.matches()
                            ? new LoraFile(Path.of(weighted.group(1)), Double.parseDouble(weighted.group(2)))
                            : new LoraFile(Path.of(given), 1);
                })
                .toList();
    }

    private Artifact file(DiffusionPipeline pipeline, Frames result, SampleRequest request) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("Steps", request.steps());
        request.sampler().ifPresent(name -> settings.put("Sampler", name));
        request.eta().ifPresent(value -> settings.put("Eta", value));
        settings.put("CFG scale", request.guidance());
        request.lowNoiseGuidance().ifPresent(value -> settings.put("Low-noise CFG scale", value));
        if (request.guidanceRescale() > 0) {
            settings.put("CFG rescale", request.guidanceRescale());
        }
        settings.put("Seed", request.seeds().seed());
        settings.put(
                "Size", request.geometry().width() + "x" + request.geometry().height());
        if (request.geometry().isClip()) {
            settings.put("Frames", request.geometry().frames());
        }
        settings.put("Model", model.toAbsolutePath().normalize().getFileName());
        Variation variation = request.seeds().variation();
        if (variation != null) {
            settings.put("Variation seed", variation.seed());
            settings.put("Variation seed strength", variation.strength());
        }
        request.source().ifPresent(source -> settings.put("Denoising strength", source.strength()));
        var output = new Output(NumberedFile.format(out), Output.DEFAULT_QUALITY, options.fps);
        return pipeline.artifact(result, output, Infotext.of(request.prompt(), request.negativePrompt(), settings));
    }
}
