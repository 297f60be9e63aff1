package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.Noise;
import io.ruido.diffusion.schedules.Grid;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.SigmaGrids;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * DPM++ SDE, as Katherine Crowson's k-diffusion has it: DPM-Solver++(2S) of Lu et al. 2022 (arXiv:2211.01095, algorithm 1,
 * r = ½) with ancestral noise that follows one Brownian path. A step goes half way in log σ first, and asks the denoiser
 * there; the last one is an Euler step. History: h₁ the latent at the start of the step.
 */
final class DpmSde implements Sampler {
    private final SigmaGrids grids;
    private final Prediction prediction;
    private final OptionalLong seed;

    DpmSde(SchedulerSettings settings) {
        grids = new SigmaGrids(settings, false);
        prediction = Prediction.of(settings);
        if (prediction == Prediction.SAMPLE) {
            throw settings.unsupported("prediction_type", "epsilon, v_prediction");
        }
        seed = settings.seedOrNone("noise_sampler_seed");
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        Grid grid = grids.grid(steps);
        double[] sigmas = grid.sigmas();
        float sigmaMin = (float) sigmas[grid.steps() - 1];
        float sigmaMax = (float) sigmas[0];
        List<Step> calls = new ArrayList<>();
        for (int i = skip / callsPerStep(); i < grid.steps(); i++) {
            if (sigmas[i + 1] == 0) {
                calls.add(step(grid.timesteps()[i], sigmas[i], sigmas[i], Linear.X0));
                continue;
            }
            // in float32, for a Brownian path differs much between nearly equal times
            float t = minusLog(sigmas[i]);
            float tNext = minusLog(sigmas[i + 1]);
            float from = sigma(t);
            float middle = sigma(t + (tNext - t) * 0.5f);
            float to = sigma(tNext);
            Noise.Brownian noise = new Noise.Brownian(seed, sigmaMin, sigmaMax, from, middle);
            calls.add(step(grid.timesteps()[i], sigmas[i], sigmas[i], ancestral(Linear.X, from, middle), Linear.X)
                    .with(noise)
                    .asInterim());
            // What is kept of an image is mixed in as noisy as at the end of the step, as diffusers has it.
            calls.add(step(grids.timestep(middle), middle, sigmas[i + 1], ancestral(Linear.history(1), from, to))
                    .with(new Noise.Brownian(seed, sigmaMin, sigmaMax, from, to)));
        }
        return new Trajectory(calls, grids.initialNoise(grid), new Clamp.None());
    }

    private static float minusLog(double sigma) {
        return -(float) Math.log((float) sigma);
    }

    private static float sigma(float t) {
        return (float) Math.exp(-t);
    }

    /** Exact for a constant x̂₀, from σ down to less than σ′ and up again with noise. */
    private static Linear ancestral(Linear x, double sigma, double sigmaNext) {
        double ratio = Ancestral.down(sigma, sigmaNext, 1) / sigma;
        return x.times(ratio)
                .plus(Linear.X0.times(1 - ratio))
                .plus(Linear.NOISE.times(Ancestral.up(sigma, sigmaNext, 1)));
    }

    private Step step(double timestep, double sigma, double level, Linear... next) {
        return new Step(timestep, SigmaGrids.inputScale(sigma), new Level(1, level), prediction.x0(sigma), next);
    }

    @Override
    public int callsPerStep() {
        return 2;
    }
}
