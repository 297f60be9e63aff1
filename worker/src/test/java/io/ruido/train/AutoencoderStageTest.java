package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Images;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoencoderStageTest {
    @TempDir
    Path folder;

    @Test
    void anExportedAutoencoderHasStandardLatents() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            AutoencoderStage stage = Samples.autoencoder(6);
            stage.build(Weights.fresh(manager, 1), Weights.fresh(manager, 1));

            stage.export(manager, folder);

            AutoencoderKL exported = AutoencoderKL.read(folder.resolve("vae"), manager, DataType.FLOAT32);
            List<ImageFolder.Image> training = ImageFolder.training(Samples.images(6), 2);
            float[] pixels = new float[training.size() * 3 * Samples.SIZE * Samples.SIZE];
            for (int i = 0; i < pixels.length; i++) {
                int each = 3 * Samples.SIZE * Samples.SIZE;
                pixels[i] = Images.level(training.get(i / each).planes()[i % each]);
            }
            NDArray x = manager.create(pixels, new Shape(training.size(), 3, Samples.SIZE, Samples.SIZE));
            NDArray byChannel = exported.encode(x).mean().transpose(1, 0, 2, 3).reshape(3, -1);
            for (int channel = 0; channel < 3; channel++) {
                NDArray values = byChannel.get(channel);
                float mean = values.mean().getFloat();
                assertThat(mean).isCloseTo(0, within(0.02f));
                assertThat(values.sub(mean).square().mean().getFloat()).isCloseTo(1, within(0.02f));
            }
        }
    }
}
