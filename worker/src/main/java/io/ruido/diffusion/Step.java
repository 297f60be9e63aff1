package io.ruido.diffusion;

import java.util.List;

/**
 * One call of the denoiser and the update that follows it:
 * <ol>
 *   <li>m = denoiser({@code inputScale}·x, {@code timestep}), with guidance applied;
 *   <li>x̂₀ = {@code x0.x()}·x + {@code x0.output()}·m, kept in range by the trajectory's {@link Clamp};
 *   <li>z = noise of the sample's own generator, if {@link #drawsNoise()}, scaled by {@code noiseScale};
 *   <li>(x, h₁, h₂ …) ← {@code next}, each a linear combination of x, x̂₀, m, z, h₁, h₂ … before the step.
 * </ol>
 *
 * @param timestep as the denoiser was trained with, 0 to 999 in most models; some samplers use fractions
 * @param level of the latent before the step, to start from a picture or to mix one in (img2img, inpainting)
 * @param next the new latent, then the new histories
 */
public record Step(
        double timestep, double inputScale, Level level, Linear x0, List<Linear> next, NoiseScale noiseScale) {

    public Step {
        next = List.copyOf(next);
        if (next.isEmpty() || !x0.isFinite() || !next.stream().allMatch(Linear::isFinite)) {
            throw new IllegalArgumentException(
                    "no finite step from timestep %s at %s: this noise schedule needs another prediction_type or timestep_spacing"
                            .formatted(timestep, level));
        }
    }

    Step(double timestep, double inputScale, Level level, Linear x0, Linear... next) {
        this(timestep, inputScale, level, x0, List.of(next), new NoiseScale.Unit());
    }

    public boolean drawsNoise() {
        return next.stream().anyMatch(row -> row.noise() != 0);
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
