package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.diffusion.schedules.Level;
import io.ruido.diffusion.schedules.NoiseSchedule;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.train.data.Examples;
import io.ruido.train.data.Seeds;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Noisy examples at random timesteps, in closed form (Ho et al. 2020, equation 4), the target of the denoiser, and the
 * conversion of its prediction to the example and the noise.
 *
 * <p>B batch, C channels, H and W sides.
 */
final class ForwardProcess {
    private final Target target;
    private final Level[] levels; // by timestep
    private final double gamma;

    /**
     * @param scheduler config of one of diffusers' schedulers
     * @param minSnrGamma γ of the Min-SNR loss weights (Hang et al. 2023, §3.4), 0 for equal weights
     */
    ForwardProcess(ObjectNode scheduler, double minSnrGamma) {
        this.target = Target.of(scheduler.path("prediction_type").asText("epsilon"));
        this.levels = levels(SchedulerConfig.of(scheduler));
        this.gamma = minSnrGamma;
    }

    private Level[] levels(SchedulerConfig scheduler) {
        int count = scheduler.trainSteps();
        if (target == Target.FLOW_PREDICTION) {
            return IntStream.rangeClosed(0, count)
                    .mapToObj(t -> Level.ofFlow((double) t / count))
                    .toArray(Level[]::new);
        }
        NoiseSchedule schedule = scheduler.noiseSchedule();
        return IntStream.range(0, count).mapToObj(schedule::level).toArray(Level[]::new);
    }

    /**
     * Draws a timestep: uniformly, or for flow matching with a normal logit (Esser et al. 2024, §3.1), because the ends
     * are easy.
     */
    private int timestep(RandomGenerator random) {
        return target == Target.FLOW_PREDICTION
                ? (int) Math.ceil((levels.length - 1) / (1 + Math.exp(-random.nextGaussian())))
                : random.nextInt(levels.length);
    }

    /**
     * The input and target of a denoiser.
     *
     * @param x (B, C, H, W), or (B, C, F, H, W) of clips
     * @param timesteps (B), or (B, N) where each patch of a clip has its own
     * @param weights weights of the examples' losses, (B, 1, 1, 1) or with as many axes as x
     */
    record Batch(NDArray x, NDArray timesteps, NDArray wanted, NDArray weights) {
        /** The mean of w_t · ‖wanted − output‖², in float32 whatever the output is. */
        NDArray loss(NDArray output) {
            NDArray error = Ops.cast(output, DataType.FLOAT32).sub(wanted);
            return error.square().mul(weights).mean();
        }
    }

    /** Returns the number of timesteps. */
    int trainSteps() {
        return levels.length;
    }

    /** √ᾱ_t x₀ + √(1−ᾱ_t) ε for each of some examples, t and ε at random. */
    Batch draw(NDManager scratch, Examples examples, int[] chosen, RandomGenerator random) {
        int batch = chosen.length;
        int size = examples.length();
        float[] eps = Seeds.normal(random, batch * size);
        float[] noisy = new float[batch * size];
        float[] wanted = new float[batch * size];
        float[] timesteps = new float[batch];
        float[] weights = new float[batch];
        for (int b = 0; b < batch; b++) {
            int t = timestep(random);
            Level level = levels[t];
            float signal = (float) level.signal(), spread = (float) level.noise(); // √ᾱ_t and √(1−ᾱ_t)
            for (int i = 0, at = b * size; i < size; i++, at++) {
                float x0 = examples.value(chosen[b], i);
                noisy[at] = signal * x0 + spread * eps[at];
                wanted[at] = target.of(x0, eps[at], level);
            }
            timesteps[b] = t;
            weights[b] = gamma == 0 ? 1 : (float) target.minSnrWeight(level, gamma);
        }
        Shape shape = examples.shape(batch);
        return new Batch(
                Torch.tensor(scratch, noisy, shape),
                Torch.tensor(scratch, timesteps, new Shape(batch)),
                Torch.tensor(scratch, wanted, shape),
                Torch.tensor(scratch, weights, oneEach(shape)));
    }

    /** (B, 1, …) for as many axes. */
    private static Shape oneEach(Shape shape) {
        long[] axes = new long[shape.dimension()];
        Arrays.fill(axes, 1);
        axes[0] = shape.get(0);
        return new Shape(axes);
    }

    /** √ᾱ_t x₀ + √(1−ᾱ_t) ε, t for each of the batch. */
    NDArray noisy(NDArray x0, NDArray eps, int[] t) {
        return x0.mul(column(x0, t, Level::signal)).add(eps.mul(column(x0, t, Level::noise)));
    }

    /** Returns the estimate of x₀ from a denoiser's prediction for x_t. */
    NDArray x0(NDArray x, NDArray output, int[] t) {
        NDArray ofX = column(x, t, level -> target.x0(level).x());
        NDArray ofOutput = column(x, t, level -> target.x0(level).output());
        return x.mul(ofX).add(Ops.cast(output, DataType.FLOAT32).mul(ofOutput));
    }

    /** Returns the noise in x_t for a known x₀. */
    NDArray eps(NDArray x, NDArray x0, int[] t) {
        return x.sub(x0.mul(column(x, t, Level::signal))).div(column(x, t, Level::noise));
    }

    /** √ᾱ_t of each of the batch, (B, 1, 1, 1). */
    NDArray signal(NDManager manager, int[] t) {
        return column(manager, t, Level::signal);
    }

    private NDArray column(NDArray x, int[] t, ToDoubleFunction<Level> value) {
        return column(x.getManager(), t, value);
    }

    private NDArray column(NDManager manager, int[] t, ToDoubleFunction<Level> value) {
        float[] values = new float[t.length];
        for (int b = 0; b < t.length; b++) {
            values[b] = (float) value.applyAsDouble(levels[t[b]]);
        }
        return Torch.tensor(manager, values, new Shape(t.length, 1, 1, 1));
    }

    /** Timesteps as a denoiser takes them, (B). */
    static NDArray tensor(NDManager manager, int[] t) {
        float[] values = new float[t.length];
        for (int b = 0; b < t.length; b++) {
            values[b] = t[b];
        }
        return Torch.tensor(manager, values, new Shape(t.length));
    }
}
