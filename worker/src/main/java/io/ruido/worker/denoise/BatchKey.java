package io.ruido.worker.denoise;

import io.ruido.job.Geometry;
import io.ruido.worker.models.Model;

/**
 * What samples have in common that can share a call of the denoiser.
 *
 * @param tokens of their texts
 */
record BatchKey(Model model, Geometry geometry, int tokens) {
    @Override
    public String toString() {
        return "%s at %s".formatted(model.card().name(), geometry);
    }
}
