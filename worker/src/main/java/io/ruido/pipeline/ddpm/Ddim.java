package io.ruido.pipeline.ddpm;

import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import java.util.Set;

/**
 * Models of {@link Ddpm} with the sampler of "Denoising Diffusion Implicit Models" (Song et al., 2020), whatever
 * sampler the folder names.
 */
public final class Ddim extends PixelModel {
    @Override
    public Set<String> classNames() {
        return Set.of("DDIMPipeline");
    }

    @Override
    public Defaults defaults() {
        return new Defaults(50, 1);
    }

    @Override
    public SamplerName sampler(SchedulerConfig scheduler) {
        return SamplerName.DDIM;
    }
}
