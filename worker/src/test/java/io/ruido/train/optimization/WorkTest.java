package io.ruido.train.optimization;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.recipe.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Against what {@code torch.utils.flop_counter.FlopCounterMode} counts of diffusers' models. */
class WorkTest {
    @Test
    void operationsAreThoseThatPyTorchCounts() throws IOException {
        TrainConfig config = TrainConfig.read(Path.of("../models/fluent-emoji/train.yaml"));
        try (NDManager manager = Torch.newManager()) {
            Weights unet = Weights.fresh(manager, 1);
            var _ = new UNet2DConditionModel(UNetConfig.of(config.denoiser().model()), unet);
            Weights vae = Weights.fresh(manager, 1);
            var _ = new AutoencoderKL(
                    AutoencoderKLConfig.of(config.autoencoder().model()), vae);

            assertThat(Work.forward(unet.tensors(), 16, 24)).isEqualTo(929_628_160);
            assertThat(Work.forward(vae.tensors(), 64, 0)).isEqualTo(899_325_952);
        }
    }

    @Test
    void thePeakOfTheProcessorIsMeasured() {
        assertThat(Work.peak(DataType.FLOAT32)).isBetween(1e8, 1e14);
    }
}
