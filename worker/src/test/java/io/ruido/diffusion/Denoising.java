package io.ruido.diffusion;

import java.util.Arrays;

/** The denoise loop in plain arithmetic, on the denoiser of {@code make_sampler_goldens.py}. */
final class Denoising {
    private Denoising() {}

    /** @param state x and the histories before the step */
    static double[][] apply(Step step, Trajectory trajectory, double[][] state, TorchRandom random) {
        double[] x = state[0];
        int size = x.length;
        double[] output = new double[size];
        double[] variance = new double[size];
        double[] x0 = new double[size];
        for (int i = 0; i < size; i++) {
            double input = step.inputScale() * x[i];
            output[i] = 0.8 * input + 0.2 * Math.sin(2 * input + step.timestep() / 200 + i);
            variance[i] = 0.5 + 0.4 * Math.sin(input + step.timestep() / 300);
            x0[i] = step.x0().x() * x[i] + step.x0().output() * output[i];
        }
        clamp(x0, trajectory.clamp());
        double[] noise = new double[size];
        if (step.drawsNoise()) {
            float[] drawn = random.randn(size);
            Arrays.setAll(noise, i -> drawn[i] * scale(step.noiseScale(), variance[i]));
        }
        double[][] columns = new double[4 + trajectory.histories()][];
        columns[0] = x;
        columns[1] = x0;
        columns[2] = output;
        columns[3] = noise;
        System.arraycopy(state, 1, columns, 4, trajectory.histories());
        return multiply(step.matrix(trajectory.histories()), columns);
    }

    private static double[][] multiply(double[][] matrix, double[][] columns) {
        double[][] product = new double[matrix.length][columns[0].length];
        for (int row = 0; row < matrix.length; row++) {
            for (int column = 0; column < columns.length; column++) {
                for (int i = 0; i < product[row].length; i++) {
                    product[row][i] += matrix[row][column] * columns[column][i];
                }
            }
        }
        return product;
    }

    private static double scale(NoiseScale scale, double variance) {
        return switch (scale) {
            case NoiseScale.Unit() -> 1;
            case NoiseScale.Learned() -> Math.sqrt(variance);
            case NoiseScale.LearnedRange(double minimum, double maximum) -> {
                double share = (variance + 1) / 2;
                yield Math.exp((share * maximum + (1 - share) * minimum) / 2);
            }
        };
    }

    private static void clamp(double[] x0, Clamp clamp) {
        switch (clamp) {
            case Clamp.None() -> {}
            case Clamp.Range(double limit) -> Arrays.setAll(x0, i -> Math.clamp(x0[i], -limit, limit));
            case Clamp.Dynamic(double ratio, double maximum) -> {
                double[] sorted = Arrays.stream(x0).map(Math::abs).sorted().toArray();
                double place = ratio * (sorted.length - 1);
                int low = (int) place;
                int high = Math.min(low + 1, sorted.length - 1);
                double s = Math.clamp(sorted[low] + (place - low) * (sorted[high] - sorted[low]), 1, maximum);
                Arrays.setAll(x0, i -> Math.clamp(x0[i], -s, s) / s);
            }
        }
    }
}
