package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import io.ruido.model.Conditioning;
import io.ruido.model.unet.UNet2DConditionModel;
import java.util.List;

/** The features of a trained denoiser, which are not trained: "LADD" (Sauer et al. 2024, arXiv:2403.12015), §3. */
public record UNetFeatures(UNet2DConditionModel unet) implements FeatureMaps {
    @Override
    public List<NDArray> of(NDArray x, NDArray timesteps, NDArray states) {
        return unet.features(x, timesteps, Conditioning.ofStates(states));
    }

    @Override
    public List<Integer> widths() {
        return unet.featureWidths();
    }
}
