package io.ruido.pipeline.family;

import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.job.Geometry;
import io.ruido.job.StepCost;
import io.ruido.model.Denoiser;
import io.ruido.model.Network;
import io.ruido.pipeline.text.Prompts;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that sets one family of models apart: which pipelines of diffusers it reads, which parts they have, and how these
 * work together. A new family is a class of its own and one line of {@code ModelFamilies}. Families have no state.
 */
public interface ModelFamily {
    /** Classes of diffusers' pipelines that it reads. */
    Set<String> classNames();

    /** The parts that a folder must have, by subfolder, each with the networks that it can be. */
    Map<String, List<Network<?>>> parts();

    /** The parts that a folder can have besides, each with the networks that it can be. */
    default Map<String, List<Network<?>>> optionalParts() {
        return Map.of();
    }

    /** What diffusers' pipeline does where it is asked for nothing else. */
    Defaults defaults();

    /** What becomes of the variance that the denoiser predicts beside the noise, if it does. */
    LearnedVariance learnedVariance();

    Denoiser denoiser(Parts parts) throws IOException;

    /** What makes pictures of latents. */
    Codec codec(Parts parts, Denoiser denoiser) throws IOException;

    /** What conditions the denoiser. */
    Prompts prompts(Parts parts, Denoiser denoiser) throws IOException;

    /**
     * Refuses settings of {@code model_index.json} that are not supported.
     *
     * @throws IOException naming a file that is missing or malformed
     * @throws IllegalArgumentException naming the setting and its value
     */
    default void check(ModelFolder folder) throws IOException {}

    /** The folder's scheduler, with the corrections that diffusers' pipeline makes to old configurations. */
    default SchedulerConfig scheduler(ModelFolder folder) throws IOException {
        return folder.scheduler();
    }

    /** The sampler of a job that names none. */
    default SamplerName sampler(SchedulerConfig scheduler) {
        return SamplerName.defaultFor(scheduler);
    }

    /** The size that the model was trained with. */
    default Geometry geometry(Denoiser denoiser, Codec codec) {
        List<Integer> size = denoiser.config().sides();
        return Geometry.ofImage(size.getLast() * codec.downscale(), size.getFirst() * codec.downscale());
    }

    /** The work of a step, for fairness between tenants and for expected ends. */
    default StepCost stepCost(Denoiser denoiser, Codec codec) {
        return StepCost.PIXELS;
    }

    /** Steps and guidance. */
    record Defaults(int steps, double guidance) {}

    enum LearnedVariance {
        /** A denoiser that predicts it is not supported. */
        REFUSED,
        /** The sampler does not see it. */
        DROPPED,
        /** It goes to the sampler. */
        USED
    }
}
