package io.ruido.pipeline.ddpm;

import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.pipeline.family.ModelFolder;
import java.io.IOException;
import java.util.Set;

/** "Denoising Diffusion Probabilistic Models" (Ho et al., 2020). */
public final class Ddpm extends PixelModel {
    @Override
    public Set<String> classNames() {
        return Set.of("DDPMPipeline");
    }

    @Override
    public Defaults defaults() {
        return new Defaults(1000, 1);
    }

    /** The pipeline leaves TCD's γ to the scheduler. */
    @Override
    public SchedulerConfig scheduler(ModelFolder folder) throws IOException {
        SchedulerConfig read = folder.scheduler();
        return read.className().equals("TCDScheduler") ? read.with("eta", 0.3) : read;
    }
}
