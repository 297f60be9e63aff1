package io.ruido.diffusion.samplers;

import io.ruido.diffusion.Clamp;
import io.ruido.diffusion.Linear;
import io.ruido.diffusion.Step;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.NoiseSchedule;
import io.ruido.diffusion.schedules.SchedulerSettings;
import io.ruido.diffusion.schedules.Spacing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pseudo numerical methods: Liu et al. 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds"
 * (arXiv:2202.09778), algorithm 2 (F-PNDM) with equations 9, 12 and 13. Three Runge-Kutta steps of four denoiser calls
 * come first, then linear multistep ones; latent diffusion leaves the Runge-Kutta steps out ("PLMS") and makes the first
 * step twice instead, the second time with the mean of two predictions.
 *
 * <p>Histories: h₁ h₂ h₃ earlier predictions, h₄ the latent at the start of a step, h₅ the sum of a Runge-Kutta step.
 */
final class Pndm implements Sampler {
    private static final int RUNGE_KUTTA_CALLS = 12;
    private static final Linear START = Linear.history(4);
    private static final Linear SUM = Linear.history(5);

    private final NoiseSchedule schedule;
    private final Prediction prediction;
    private final Spacing spacing;
    private final boolean multistepOnly;
    private final double finalAlphaCumprod;

    Pndm(SchedulerSettings settings) {
        schedule = NoiseSchedule.of(settings);
        prediction = Prediction.of(settings);
        if (prediction == Prediction.SAMPLE) {
            throw settings.unsupported("prediction_type", "epsilon, v_prediction");
        }
        spacing = Spacing.of(settings);
        multistepOnly = settings.flag("skip_prk_steps");
        finalAlphaCumprod = settings.flag("set_alpha_to_one") ? 1 : schedule.alphaCumprod(0);
    }

    @Override
    public Trajectory trajectory(int steps, int skip) {
        int stride = schedule.trainSteps() / steps;
        int[] timesteps = Arrays.stream(spacing.timesteps(schedule.trainSteps(), steps))
                .mapToInt(timestep -> (int) Math.rint(timestep))
                .toArray();
        int[] visited = multistepOnly ? firstTwice(timesteps) : rungeKuttaFirst(timesteps, stride / 2);
        List<Step> calls = new ArrayList<>();
        for (int call = 0; call < visited.length - skip; call++) {
            int timestep = visited[skip + call];
            Step step = multistepOnly || call >= RUNGE_KUTTA_CALLS
                    ? multistep(timestep, stride, call)
                    : rungeKutta(timestep, visited[call / 4 * 4], stride / 2, call);
            calls.add(call < visited.length - skip - 1 && interim(call) ? step.asInterim() : step);
        }
        return new Trajectory(calls, 1, new Clamp.None());
    }

    private boolean interim(int call) {
        return multistepOnly ? call == 0 : call < RUNGE_KUTTA_CALLS && call % 4 != 3;
    }

    private static int[] firstTwice(int[] timesteps) {
        return IntStream.range(0, timesteps.length)
                .flatMap(i -> i == 1 ? IntStream.of(timesteps[1], timesteps[1]) : IntStream.of(timesteps[i]))
                .toArray();
    }

    private static int[] rungeKuttaFirst(int[] timesteps, int half) {
        if (timesteps.length < 4) {
            throw new IllegalArgumentException(
                    "steps must be at least 4 with skip_prk_steps false, was " + timesteps.length);
        }
        IntStream first = IntStream.range(0, 3)
                .flatMap(i ->
                        IntStream.of(timesteps[i], timesteps[i + 1] + half, timesteps[i + 1] + half, timesteps[i + 1]));
        return IntStream.concat(first, Arrays.stream(timesteps).skip(3)).toArray();
    }

    /** One of the four calls of the classical Runge-Kutta method, algorithm 1. */
    private Step rungeKutta(int timestep, int from, int half, int call) {
        int to = call % 2 == 0 ? timestep - half : timestep;
        Linear sample = call % 4 == 0 ? Linear.X : START;
        Linear output = call % 4 == 3 ? SUM.plus(Linear.OUTPUT.over(6)) : Linear.OUTPUT;
        Linear sum =
                switch (call % 4) {
                    case 0 -> Linear.OUTPUT.over(6);
                    case 3 -> Linear.ZERO;
                    default -> SUM.plus(Linear.OUTPUT.over(3));
                };
        Linear next = transfer(sample, output, from, to);
        return call % 4 == 0
                ? step(timestep, next, Linear.OUTPUT, Linear.history(1), Linear.history(2), sample, sum)
                : step(timestep, next, Linear.history(1), Linear.history(2), Linear.history(3), sample, sum);
    }

    /** Equation 12, with fewer earlier predictions at first. */
    private Step multistep(int timestep, int stride, int call) {
        Linear e0 = Linear.OUTPUT;
        Linear e1 = Linear.history(1);
        Linear e2 = Linear.history(2);
        Linear e3 = Linear.history(3);
        if (multistepOnly && call == 1) {
            Linear next = transfer(START, e0.plus(e1).over(2), timestep + stride, timestep);
            return step(timestep, next, e1);
        }
        int predictions = multistepOnly ? Math.min(call == 0 ? 1 : call, 4) : 4;
        Linear output =
                switch (predictions) {
                    case 1 -> e0;
                    case 2 -> e0.times(3).minus(e1).over(2);
                    case 3 -> e0.times(23).minus(e1.times(16)).plus(e2.times(5)).over(12);
                    default ->
                        e0.times(55)
                                .minus(e1.times(59))
                                .plus(e2.times(37))
                                .minus(e3.times(9))
                                .over(24);
                };
        Linear next = transfer(Linear.X, output, timestep, timestep - stride);
        return step(timestep, next, e0, e1, e2, Linear.X);
    }

    /** Equation 9: from one timestep to another with a prediction. */
    private Linear transfer(Linear x, Linear output, int from, int to) {
        double alphaCumprod = schedule.alphaCumprod(from);
        double alphaCumprodTo = to >= 0 ? schedule.alphaCumprod(to) : finalAlphaCumprod;
        Linear epsilon = prediction == Prediction.EPSILON
                ? output
                : output.times(Math.sqrt(alphaCumprod)).plus(x.times(Math.sqrt(1 - alphaCumprod)));
        double divisor = alphaCumprod * Math.sqrt(1 - alphaCumprodTo)
                + Math.sqrt(alphaCumprod * (1 - alphaCumprod) * alphaCumprodTo);
        return x.times(Math.sqrt(alphaCumprodTo / alphaCumprod))
                .minus(epsilon.times((alphaCumprodTo - alphaCumprod) / divisor));
    }

    private Step step(int timestep, Linear... next) {
        Level level = schedule.level(timestep);
        return new Step(timestep, 1, level, prediction.x0(level), next);
    }
}
