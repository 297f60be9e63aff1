package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.Noise;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.NoiseSchedule;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.Spacing;
import java.util.Arrays;

/**
 * DDIM: Song et al. 2020, "Denoising Diffusion Implicit Models" (arXiv:2010.02502), equations 12 and 16. With η = 0 no
 * noise is added; with η = 1 it is the ancestral sampler of DDPM.
 */
final class Ddim implements Sampler {
    private final NoiseSchedule schedule;
    private final Prediction prediction;
    private final Spacing spacing;
    private final Clamp clamp;
    private final double eta;
    private final double finalAlphaCumprod;

    Ddim(SchedulerSettings settings) {
        schedule = NoiseSchedule.of(settings);
        spacing = Spacing.of(settings);
        prediction = Prediction.of(settings, spacing.kind() != Spacing.Kind.LEADING);
        clamp = Clamp.of(settings);
        eta = settings.decimal("eta", 0, 1);
        finalAlphaCumprod = settings.flag("set_alpha_to_one") ? 1 : schedule.alphaCumprod(0);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        int stride = schedule.trainSteps() / steps;
        return new Trajectory(
                Arrays.stream(spacing.timesteps(schedule.trainSteps(), steps))
                        .skip(skip)
                        .mapToObj(timestep -> step((int) Math.rint(timestep), stride))
                        .toList(),
                1,
                clamp);
    }

    /** The variance is computed in float32: from much noise, hardly any is kept of it, and that shows its rounding. */
    private Step step(int timestep, int stride) {
        int previous = timestep - stride;
        float alphaCumprod = (float) schedule.alphaCumprod(timestep);
        float alphaCumprodPrev = (float) (previous >= 0 ? schedule.alphaCumprod(previous) : finalAlphaCumprod);
        float variance = (1 - alphaCumprodPrev) / (1 - alphaCumprod) * (1 - alphaCumprod / alphaCumprodPrev);
        float sigma = (float) eta * (float) Math.sqrt(variance); // σ_t(η), equation 16
        double kept = Math.sqrt(Math.max(0, 1 - alphaCumprodPrev - sigma * sigma));
        Level level = Level.ofAlphaCumprod(alphaCumprod);

        Linear direction = prediction.epsilon(level).times(kept);
        Linear next =
                Linear.X0.times(Math.sqrt(alphaCumprodPrev)).plus(direction).plus(Linear.NOISE.times(sigma));
        Step step = new Step(timestep, 1, level, prediction.x0(level), next);
        return eta > 0 ? step.with(new Noise.Fresh()) : step;
    }
}
