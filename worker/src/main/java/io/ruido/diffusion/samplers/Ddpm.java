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
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * DDPM: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (arXiv:2006.11239), algorithm 2 and equations 6, 7 and
 * 15; the learned variances are those of Nichol and Dhariwal 2021 (arXiv:2102.09672), section 3.1. Where steps are left
 * out, α and β are those of the steps that remain.
 */
final class Ddpm implements Sampler {
    /** σ² of the reverse process (Ho et al., section 3.2): β̃ is small, β is large. */
    private enum Variance {
        FIXED_SMALL,
        FIXED_SMALL_LOG,
        FIXED_LARGE,
        FIXED_LARGE_LOG,
        LEARNED,
        LEARNED_RANGE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Least β̃, whose logarithm is taken. */
    private static final float LEAST_VARIANCE = 1e-20f;

    private final NoiseSchedule schedule;
    private final Prediction prediction;
    private final Spacing spacing;
    private final Clamp clamp;
    private final Variance variance;

    Ddpm(SchedulerSettings settings) {
        schedule = NoiseSchedule.of(settings);
        spacing = Spacing.of(settings);
        prediction = Prediction.of(settings, spacing.kind() != Spacing.Kind.LEADING);
        clamp = Clamp.of(settings);
        variance = settings.choice("variance_type", Variance.class);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        int[] timesteps = Arrays.stream(spacing.timesteps(schedule.trainSteps(), steps))
                .mapToInt(timestep -> (int) Math.rint(timestep))
                .toArray();
        return new Trajectory(
                IntStream.range(skip, timesteps.length)
                        .mapToObj(i -> step(
                                timesteps[i],
                                i + 1 < timesteps.length ? (float) schedule.alphaCumprod(timesteps[i + 1]) : 1))
                        .toList(),
                1,
                clamp);
    }

    /** Computes the step in float32: close to the clean end, α is so close to 1 that β shows how it was rounded. */
    private Step step(int timestep, float alphaCumprodPrev) {
        float alphaCumprod = (float) schedule.alphaCumprod(timestep);
        float alpha = alphaCumprod / alphaCumprodPrev;
        float beta = 1 - alpha;
        Level level = Level.ofAlphaCumprod(alphaCumprod);
        Linear mean = Linear.X0
                .times(Math.sqrt(alphaCumprodPrev) * beta / (1 - alphaCumprod))
                .plus(Linear.X.times(Math.sqrt(alpha) * (1 - alphaCumprodPrev) / (1 - alphaCumprod))); // equation 7
        if (timestep == 0) {
            return new Step(timestep, 1, level, prediction.x0(level), mean);
        }
        float small = Math.max((1 - alphaCumprodPrev) / (1 - alphaCumprod) * beta, LEAST_VARIANCE); // β̃
        double sigma =
                switch (variance) {
                    case FIXED_SMALL, FIXED_SMALL_LOG -> Math.sqrt(small);
                    case FIXED_LARGE, FIXED_LARGE_LOG -> Math.sqrt(beta);
                    case LEARNED, LEARNED_RANGE -> 1;
                };
        return new Step(timestep, 1, level, prediction.x0(level), mean.plus(Linear.NOISE.times(sigma)))
                .with(
                        switch (variance) {
                            case LEARNED -> new Noise.Learned();
                            case LEARNED_RANGE -> new Noise.LearnedRange(Math.log(small), Math.log(beta));
                            default -> new Noise.Fresh();
                        });
    }
}
