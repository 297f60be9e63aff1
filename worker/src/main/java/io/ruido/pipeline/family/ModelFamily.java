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
 * A family of models: the pipelines of diffusers that it reads, their parts, and how these work together. A new family
 * is a class of its own and one line of {@code ModelFamilies}. Families have no state.
 */
public interface ModelFamily {
    /** Returns the class names of diffusers' pipelines that it reads. */
    Set<String> classNames();

    /** Returns the required parts of a folder by subfolder, each with its possible networks. */
    Map<String, List<Network<?>>> parts();

    /** Returns the optional parts of a folder by subfolder, each with its possible networks. */
    default Map<String, List<Network<?>>> optionalParts() {
        return Map.of();
    }

    /** Returns the defaults of diffusers' pipeline. */
    Defaults defaults();

    /** Returns how to use a variance that the denoiser predicts in addition to the noise. */
    LearnedVariance learnedVariance();

    Denoiser denoiser(Parts parts) throws IOException;

    /** Creates the codec between latents and results. */
    Codec codec(Parts parts, Denoiser denoiser) throws IOException;

    /** Creates the encoder of prompts. */
    Prompts prompts(Parts parts, Denoiser denoiser) throws IOException;

    /**
     * Refuses settings of {@code model_index.json} that are not supported.
     *
     * @throws IOException naming a file that is missing or malformed
     * @throws IllegalArgumentException naming the setting and its value
     */
    default void check(ModelFolder folder) throws IOException {}

    /** Returns the folder's scheduler, with the corrections that diffusers' pipeline makes to old configurations. */
    default SchedulerConfig scheduler(ModelFolder folder) throws IOException {
        return folder.scheduler();
    }

    /** Returns the sampler of jobs that name none. */
    default SamplerName sampler(SchedulerConfig scheduler) {
        return SamplerName.defaultFor(scheduler);
    }

    /** Returns the size that the model was trained with. */
    default Geometry geometry(Denoiser denoiser, Codec codec) {
        List<Integer> size = denoiser.config().sides();
        return Geometry.ofImage(size.getLast() * codec.downscale(), size.getFirst() * codec.downscale());
    }

    /** Returns the work of a step, for fairness between tenants and for expected ends. */
    default StepCost stepCost(Denoiser denoiser, Codec codec) {
        return StepCost.PIXELS;
    }

    /** Steps and guidance. */
    record Defaults(int steps, double guidance) {}

    enum LearnedVariance {
        /** A denoiser that predicts it is not supported. */
        REFUSED,
        /** The variance is not passed to the sampler. */
        DROPPED,
        /** The variance is passed to the sampler. */
        USED
    }
}
