package io.ruido.diffusion;

import io.ruido.diffusion.noise.Noise;
import io.ruido.diffusion.schedules.Level;
import java.util.Arrays;
import java.util.List;

/**
 * One call of the denoiser and the update that follows it:
 * <ol>
 *   <li>m = denoiser({@code inputScale}·x, {@code timestep}), with guidance applied, and maybe a variance v;
 *   <li>x̂₀ = {@code x0.x()}·x + {@code x0.output()}·m, kept in range by the trajectory's {@link Clamp};
 *   <li>z = {@code noise};
 *   <li>(x, h₁, h₂ …) ← {@code next}, each a linear combination of x, x̂₀, m, z, h₁, h₂ … before the step.
 * </ol>
 *
 * @param timestep as the denoiser was trained with, 0 to 999 in most models; some samplers use fractions
 * @param level level of the latent before the step, to start from an image or to mix one in (img2img, inpainting)
 * @param next the new latent, then the new histories
 * @param interim whether the new latent is only a place to ask the denoiser again, within a step that a later call ends
 */
public record Step(
        double timestep, double inputScale, Level level, Linear x0, List<Linear> next, Noise noise, boolean interim) {

    public Step {
        next = List.copyOf(next);
        if (next.isEmpty() || !x0.isFinite() || !next.stream().allMatch(Linear::isFinite)) {
            throw new IllegalArgumentException(
                    "no finite step from timestep %s at %s: this noise schedule needs another prediction_type or timestep_spacing"
                            .formatted(timestep, level));
        }
    }

    public Step(double timestep, double inputScale, Level level, Linear x0, Linear... next) {
        this(timestep, inputScale, level, x0, List.of(next), noise(next), false);
    }

    public Step with(Noise other) {
        return new Step(timestep, inputScale, level, x0, next, other, interim);
    }

    public Step asInterim() {
        return new Step(timestep, inputScale, level, x0, next, noise, true);
    }

    private static Noise noise(Linear... next) {
        return Arrays.stream(next).anyMatch(row -> row.noise() != 0) ? new Noise.Fresh() : new Noise.None();
    }

    /**
     * The update as a matrix, so that steps of different samplers can be applied to a batch at once. Row i gives the new x
     * or hᵢ; the columns are the factors of x, x̂₀, m, z, h₁, h₂ ….
     *
     * @param histories that the batch keeps for each sample, at least those of the trajectory; the further ones stay zero
     * @return (1 + histories) × (4 + histories)
     */
    public double[][] matrix(int histories) {
        double[][] matrix = new double[1 + histories][4 + histories];
        for (int i = 0; i < Math.min(next.size(), matrix.length); i++) {
            matrix[i] = next.get(i).row(histories);
        }
        return matrix;
    }
}
