package io.ruido.diffusion.schedules;

import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * The variances β of the forward process that a model was trained with (Ho et al. 2020, section 2), and ᾱ, the cumulative
 * products of 1 − β. All values are rounded to float32 where PyTorch rounds them: close to the clean end 1 − ᾱ is the
 * difference of nearly equal numbers, and a trajectory shows how they were rounded.
 */
public final class NoiseSchedule {
    static final Set<String> KINDS = Set.of("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "exp");

    /** ᾱ at the end of a schedule of zero terminal signal-to-noise ratio, for samplers that divide by it. */
    private static final float ALMOST_ZERO = 0x1p-24f;

    private final float[] alphasCumprod;

    private NoiseSchedule(float[] alphasCumprod) {
        this.alphasCumprod = alphasCumprod;
    }

    public static NoiseSchedule of(SchedulerSettings settings) {
        return new NoiseSchedule(cumulate(betas(settings)));
    }

    /** Reads a schedule for samplers that divide by ᾱ. */
    static NoiseSchedule ofPositive(SchedulerSettings settings) {
        NoiseSchedule schedule = of(settings);
        if (settings.flag("rescale_betas_zero_snr")) {
            schedule.alphasCumprod[schedule.alphasCumprod.length - 1] = ALMOST_ZERO;
        }
        return schedule;
    }

    private static float[] betas(SchedulerSettings settings) {
        int trainSteps = settings.number("num_train_timesteps", 2, 1_000_000);
        double start = settings.decimal("beta_start", 0, 1);
        double end = settings.decimal("beta_end", 0, 1);
        String kind = settings.text("beta_schedule", KINDS);
        List<Double> trained = settings.decimals("trained_betas");
        if (!trained.isEmpty() && trained.size() != trainSteps) {
            throw settings.unsupported("num_train_timesteps", trained.size() + ", the number of trained_betas");
        }
        if (trained.stream().anyMatch(beta -> beta < 0 || beta > 1)) {
            throw settings.unsupported("trained_betas", "numbers from 0 to 1");
        }
        float[] betas = trained.isEmpty()
                ? switch (kind) {
                    case "linear" -> linspace(start, end, trainSteps);
                    case "scaled_linear" -> scaledLinearBetas(start, end, trainSteps);
                    case "sigmoid" -> sigmoid(start, end, trainSteps);
                    case "exp" -> ofAlphaBar(t -> Math.exp(t * -12), trainSteps);
                    default ->
                        ofAlphaBar(
                                t -> {
                                    double cos = Math.cos((t + 0.008) / 1.008 * Math.PI / 2);
                                    return cos * cos;
                                },
                                trainSteps);
                }
                : floats(trained.stream().mapToDouble(beta -> beta).toArray());
        return settings.flag("rescale_betas_zero_snr") ? withZeroTerminalSnr(betas) : betas;
    }

    private static float[] scaledLinearBetas(double start, double end, int count) {
        float[] roots = linspace(Math.sqrt(start), Math.sqrt(end), count);
        for (int i = 0; i < count; i++) {
            roots[i] *= roots[i];
        }
        return roots;
    }

    private static float[] sigmoid(double start, double end, int count) {
        float[] betas = linspace(-6, 6, count);
        for (int i = 0; i < count; i++) {
            betas[i] = (float) (1 / (1 + Math.exp(-betas[i]))) * (float) (end - start) + (float) start;
        }
        return betas;
    }

    /** β from a function that gives ᾱ at a time from 0 to 1 (Nichol and Dhariwal 2021, section 3.2). */
    private static float[] ofAlphaBar(DoubleUnaryOperator alphaBar, int count) {
        return floats(IntStream.range(0, count)
                .mapToDouble(i -> 1
                        - alphaBar.applyAsDouble((double) (i + 1) / count) / alphaBar.applyAsDouble((double) i / count))
                .map(beta -> Math.min(beta, 0.999))
                .toArray());
    }

    /** Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps are Flawed", algorithm 1. */
    private static float[] withZeroTerminalSnr(float[] betas) {
        float[] alphasBar = cumulate(betas);
        float first = (float) Math.sqrt(alphasBar[0]);
        float last = (float) Math.sqrt(alphasBar[alphasBar.length - 1]);
        float scale = first / (first - last);
        float[] rescaled = new float[betas.length];
        float previous = 1;
        for (int i = 0; i < betas.length; i++) {
            float root = ((float) Math.sqrt(alphasBar[i]) - last) * scale;
            rescaled[i] = 1 - root * root / previous;
            previous = root * root;
        }
        return rescaled;
    }

    private static float[] cumulate(float[] betas) {
        float[] alphasCumprod = new float[betas.length];
        double product = 1;
        for (int i = 0; i < betas.length; i++) {
            product *= 1 - betas[i];
            alphasCumprod[i] = (float) product;
        }
        return alphasCumprod;
    }

    /** Rounds as {@code torch.linspace} does: each half is counted from its own end. */
    private static float[] linspace(double from, double to, int count) {
        float start = (float) from;
        float end = (float) to;
        float step = (end - start) / (count - 1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i < count / 2 ? Math.fma(step, i, start) : Math.fma(-step, count - i - 1, end);
        }
        return values;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** Number of timesteps that the model was trained with. */
    public int trainSteps() {
        return alphasCumprod.length;
    }

    /** ᾱ at a timestep from 0 to {@link #trainSteps()} − 1. */
    public double alphaCumprod(int timestep) {
        if (timestep < 0 || timestep >= alphasCumprod.length) {
            throw new IllegalArgumentException(
                    "timestep must be from 0 to %d, was %d: too many steps, or steps_offset too high"
                            .formatted(alphasCumprod.length - 1, timestep));
        }
        return alphasCumprod[timestep];
    }

    /** How noisy a training image is at a timestep: x = √ᾱ·x₀ + √(1 − ᾱ)·z. */
    public Level level(int timestep) {
        return Level.ofAlphaCumprod(alphaCumprod(timestep));
    }

    /** Ratios of noise to signal at every timestep, rising. */
    double[] sigmas() {
        return IntStream.range(0, alphasCumprod.length)
                .mapToDouble(i -> (float) Math.sqrt((1 - alphasCumprod[i]) / alphasCumprod[i]))
                .toArray();
    }
}
