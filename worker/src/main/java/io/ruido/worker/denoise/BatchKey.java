package io.ruido.worker.denoise;

import io.ruido.job.Geometry;
import io.ruido.worker.models.Model;
import java.util.List;

/**
 * The properties that samples must share to be in the same call of the denoiser.
 *
 * @param tokens number of tokens of each text
 * @param plain see {@link io.ruido.worker.models.Conditioning.Current#plain}
 * @param adapted whether there are low-rank additions to the denoiser's layers
 * @param tiling whether the image has no seams
 */
record BatchKey(Model model, Geometry geometry, List<Integer> tokens, boolean plain, boolean adapted, boolean tiling) {
    @Override
    public String toString() {
        return "%s at %s".formatted(model.card().name(), geometry);
    }
}
