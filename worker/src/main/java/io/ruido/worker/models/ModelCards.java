package io.ruido.worker.models;

import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.job.Geometry;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.job.StepCost;
import io.ruido.job.prompting.Prompting;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelDescription;
import java.nio.file.Path;
import java.util.List;

/** Makes a model's card of {@code ruido.yaml} in its folder, all of it optional, and the sizes of its parts. */
final class ModelCards {
    /** Pixels of the largest clip, as a multiple of those that the model makes by default. */
    private static final int CLIPS = 2;

    /** Enough for a model that says nothing of itself and has not learned to do with fewer. */
    private static final int STEPS = 30;

    private ModelCards() {}

    static ModelCard read(Path folder, DiffusionPipeline pipeline) {
        String name = folder.getFileName().toString();
        ModelDescription description = pipeline.description();
        SchedulerConfig scheduler = pipeline.scheduler();
        Geometry geometry = pipeline.defaultGeometry();
        int size = Math.max(geometry.width(), geometry.height());
        SamplingParams defaults = new SamplingParams(
                name,
                geometry,
                or(description.steps(), Math.min(STEPS, pipeline.defaults().steps())),
                or(description.guidanceScale(), pipeline.defaults().guidance()),
                or(description.sampler(), pipeline.defaultSampler().id()),
                0,
                null,
                null,
                null);
        return new ModelCard(
                name,
                or(description.title(), name),
                or(description.description(), ""),
                or(description.license(), "unknown"),
                or(description.minSize(), pipeline.sizeStep()),
                or(description.maxSize(), 2 * size),
                pipeline.sizeStep(),
                defaults,
                SamplerName.all().stream()
                        .filter(sampler -> sampler.fits(scheduler))
                        .map(sampler -> new ModelCard.Sampler(
                                sampler.id(),
                                sampler.title(),
                                sampler.eta(scheduler).orElse(null)))
                        .toList(),
                needs(pipeline),
                pipeline.stepCost().equals(StepCost.PIXELS) ? null : pipeline.stepCost(),
                pipeline.clips()
                        .map(clips -> new ModelCard.Clips(
                                clips.frameStep(),
                                CLIPS * geometry.pixels(),
                                clips.framesPerSecond(),
                                clips.firstFrame() != Codec.FirstFrame.NONE))
                        .orElse(null),
                new ModelCard.Abilities(
                        pipeline.beginsWithImages(),
                        pipeline.canTile(),
                        pipeline.promptEncoder().supportsWeights(),
                        Math.min(
                                Prompting.MOST_CLIP_SKIP,
                                pipeline.promptEncoder().maxClipSkip())));
    }

    private static List<String> needs(DiffusionPipeline pipeline) {
        if (pipeline.takesMask()) {
            return List.of("image", "mask");
        }
        return pipeline.requiresFirstFrame() ? List.of("image") : List.of();
    }

    private static <T> T or(T value, T otherwise) {
        return value == null ? otherwise : value;
    }
}
