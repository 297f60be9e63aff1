package io.ruido.diffusion;

import io.ruido.diffusion.noise.BrownianPath;
import io.ruido.diffusion.noise.Noise;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.schedules.Level;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/**
 * One sample on its way along a trajectory. Latents, histories and noise are plain floats on the host: they are small
 * beside the denoiser's work, the result cannot depend on what else is in a batch, and the whole state is at hand for
 * previews and for resuming elsewhere. Not thread-safe.
 */
public final class SampleState {
    private final Trajectory trajectory;
    private final TorchRandom random;
    private final float[][] state; // x, h₁, h₂ …
    private float[] x0;
    private final float[] firstNoise;
    private final Inpainting inpainting;
    private int index;

    /**
     * Starts from pure noise.
     *
     * @param size values of the latents, L·h·w
     */
    public SampleState(Trajectory trajectory, TorchRandom random, int size) {
        this(trajectory, random, random.randn(size), new Inpainting.None());
    }

    /**
     * Starts from a certain noise.
     *
     * @param random that draws all further noise
     */
    public SampleState(Trajectory trajectory, TorchRandom random, float[] noise, Inpainting inpainting) {
        this(trajectory, random, noise, new float[noise.length], new Level(1, trajectory.initialNoise()), inpainting);
    }

    /**
     * Starts from an image that is brought to the level of the trajectory's first step.
     *
     * @param latents clean latents
     */
    public SampleState(
            Trajectory trajectory, TorchRandom random, float[] noise, float[] latents, Inpainting inpainting) {
        this(trajectory, random, noise, latents, trajectory.steps().getFirst().level(), inpainting);
    }

    private SampleState(
            Trajectory trajectory,
            TorchRandom random,
            float[] noise,
            float[] latents,
            Level level,
            Inpainting inpainting) {
        this.trajectory = trajectory;
        this.random = random;
        this.state = new float[1 + trajectory.histories()][latents.length];
        this.firstNoise = noise;
        this.inpainting = inpainting;
        this.state[0] = noised(latents, level);
        restoreKnownRegion();
        this.x0 = state[0];
    }

    private float[] noised(float[] latents, Level level) {
        float[] noised = new float[latents.length];
        for (int i = 0; i < noised.length; i++) {
            noised[i] = (float) (level.signal() * latents[i] + level.noise() * firstNoise[i]);
        }
        return noised;
    }

    private SampleState(Trajectory trajectory, Snapshot saved) {
        float[][] values = saved.values();
        int rows = 2 + trajectory.histories();
        this.trajectory = trajectory;
        this.random = saved.random();
        this.firstNoise = values[0];
        this.state = Arrays.copyOfRange(values, 1, rows);
        this.inpainting = Inpainting.of(Arrays.copyOfRange(values, rows, values.length));
        this.index = saved.index();
        this.x0 = state[0];
    }

    /**
     * Goes on where {@link #save} was called, here or on another machine.
     *
     * @throws IllegalArgumentException saying why the bytes are no state on this trajectory
     */
    public static SampleState restore(Trajectory trajectory, byte[] saved) {
        Snapshot snapshot = Snapshot.parse(saved);
        Snapshot.check(
                snapshot.fingerprint() == trajectory.fingerprint()
                        && snapshot.values().length >= 2 + trajectory.histories()
                        && snapshot.index() >= 0
                        && snapshot.index() <= trajectory.size(),
                "is on another trajectory");
        return new SampleState(trajectory, snapshot);
    }

    /** All that {@link #restore} needs: between two calls of the denoiser there is nothing else. */
    public byte[] save() {
        float[][] values = Stream.of(new float[][] {firstNoise}, state, inpainting.rows())
                .flatMap(Arrays::stream)
                .toArray(float[][]::new);
        return new Snapshot(trajectory.fingerprint(), index, random, values).toBytes();
    }

    public boolean done() {
        return index == trajectory.size();
    }

    /** Steps made. Second-order samplers make several denoiser calls in a step. */
    public int step() {
        return trajectory.stepsAfter(index);
    }

    public int steps() {
        return trajectory.stepsAfter(trajectory.size());
    }

    /** Whether a part of the latents has no noise, see {@link Inpainting.CleanRegion}. */
    public boolean hasCleanRegion() {
        return inpainting instanceof Inpainting.CleanRegion;
    }

    /** The timestep at which the denoiser is called next. */
    public float timestep() {
        return (float) next().timestep();
    }

    /** Returns the input of the next denoiser call: the scaled latents and the conditioning. */
    public float[] input() {
        float[] x = state[0];
        float[] channels = inpainting instanceof Inpainting.Concatenated(float[] more) ? more : new float[0];
        float[] input = Arrays.copyOf(x, x.length + channels.length);
        System.arraycopy(channels, 0, input, x.length, channels.length);
        float scale = (float) next().inputScale();
        for (int i = 0; scale != 1 && i < x.length; i++) {
            input[i] *= scale;
        }
        return input;
    }

    /** The latents as they are now. */
    public float[] latents() {
        return state[0].clone();
    }

    /** The newest estimate of the clean latents; at the start and after {@link #restore}, the noisy ones. */
    public float[] x0() {
        return x0.clone();
    }

    private Step next() {
        return trajectory.steps().get(index);
    }

    /**
     * Makes the update that follows a call of the denoiser.
     *
     * @param output of the denoiser for {@link #input()}, guidance applied, of the latents' size; of a denoiser that
     *     learned its variance twice that, the variance being the second half
     * @throws NotFiniteException when the latents are no longer numbers
     */
    public void advance(float[] output) {
        Step step = next();
        float[] x = state[0];
        if (output.length != x.length && output.length != 2 * x.length) {
            throw new IllegalArgumentException("output: must have %d values, or with a variance %d, has %d"
                    .formatted(x.length, 2 * x.length, output.length));
        }
        float[] estimate = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            estimate[i] = (float) (step.x0().x() * x[i] + step.x0().output() * output[i]);
        }
        clamp(estimate);
        double[][] matrix = step.matrix(state.length - 1);
        float[][] columns = new float[4 + state.length - 1][];
        columns[0] = x;
        columns[1] = estimate;
        columns[2] = output;
        columns[3] = noise(step.noise(), output);
        System.arraycopy(state, 1, columns, 4, state.length - 1);
        float[][] updated = Arrays.stream(matrix)
                .map(row -> combine(row, columns, x.length))
                .toArray(float[][]::new);
        System.arraycopy(updated, 0, state, 0, updated.length);
        x0 = estimate;
        index++;
        checkFinite();
        restoreKnownRegion();
    }

    private void checkFinite() {
        for (float value : state[0]) {
            if (!Float.isFinite(value)) {
                throw new NotFiniteException(
                        ("after step %d of %d the latents have values that are not finite: the guidance scale, or a weight of the"
                                        + " prompt or of a LoRA, is too large for the model and its dtype")
                                .formatted(step(), steps()));
            }
        }
    }

    /**
     * Restores the part of an image that is kept: with the noise that the sample began with, at the current level, or
     * clean.
     */
    private void restoreKnownRegion() {
        switch (inpainting) {
            case Inpainting.Blended(float[] latents, float[] mask)
            when index > 0 -> blend(done() ? latents : noised(latents, next().level()), mask);
            case Inpainting.CleanRegion(float[] latents, float[] mask) -> blend(latents, mask);
            case Inpainting.Blended blended -> {}
            case Inpainting.Concatenated concatenated -> {}
            case Inpainting.None none -> {}
        }
    }

    private void blend(float[] known, float[] mask) {
        for (int i = 0; i < known.length; i++) {
            state[0][i] = (1 - mask[i]) * known[i] + mask[i] * state[0][i];
        }
    }

    private void clamp(float[] estimate) {
        switch (trajectory.clamp()) {
            case Clamp.None none -> {}
            case Clamp.Range(double limit) -> limit(estimate, limit, 1);
            case Clamp.Dynamic(double ratio, double maximum) -> {
                double s = Math.min(Math.max(quantile(estimate, ratio), 1), maximum);
                limit(estimate, s, s);
            }
        }
    }

    private static void limit(float[] values, double limit, double divisor) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (Math.clamp(values[i], -limit, limit) / divisor);
        }
    }

    /** A quantile of the absolute values, interpolated linearly. */
    private static double quantile(float[] values, double ratio) {
        float[] sorted = values.clone();
        for (int i = 0; i < sorted.length; i++) {
            sorted[i] = Math.abs(sorted[i]);
        }
        Arrays.sort(sorted);
        double place = ratio * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    private float[] noise(Noise noise, float[] output) {
        return switch (noise) {
            case Noise.None none -> new float[0];
            case Noise.Fresh fresh -> random.randn(state[0].length);
            case Noise.Learned learned -> scaled(output, Math::sqrt);
            case Noise.LearnedRange(double minimum, double maximum) ->
                scaled(output, v -> {
                    double share = (v + 1) / 2;
                    return Math.exp((share * maximum + (1 - share) * minimum) / 2);
                });
            case Noise.Brownian path -> {
                long seed = path.seed().orElseGet(random::nextSeed);
                yield new BrownianPath(seed, path.sigmaMin(), path.sigmaMax())
                        .increment(path.from(), path.to(), state[0].length);
            }
        };
    }

    /** Fresh noise times a function of the learned variance. */
    private float[] scaled(float[] output, DoubleUnaryOperator deviation) {
        float[] noise = random.randn(state[0].length);
        if (output.length == noise.length) {
            throw new IllegalArgumentException("output: has no variance, which variance_type needs");
        }
        for (int i = 0; i < noise.length; i++) {
            noise[i] *= (float) deviation.applyAsDouble(output[noise.length + i]);
        }
        return noise;
    }

    private static float[] combine(double[] row, float[][] columns, int size) {
        double[] sum = new double[size];
        for (int column = 0; column < row.length; column++) {
            double factor = row[column];
            if (factor != 0) {
                for (int i = 0; i < size; i++) {
                    sum[i] += factor * columns[column][i];
                }
            }
        }
        float[] result = new float[size];
        for (int i = 0; i < size; i++) {
            result[i] = (float) sum[i];
        }
        return result;
    }
}
