package io.ruido.worker;

import io.ruido.job.Geometry;

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
