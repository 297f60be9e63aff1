package io.ruido.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A seed gives its picture, byte for byte, whatever other samples share the batch. */
class BatchInvarianceTest {
    private static final int BATCH = 7;

    @TempDir
    private Path folder;

    private final NDManager manager = Torch.newManager();

    /** Libraries split work among threads, and sum accordingly. */
    @BeforeEach
    void useSeveralThreads() {
        Torch.setThreads(2);
    }

    /** Else all tests that follow would wait for a second thread in each of their small operations. */
    @AfterEach
    void close() {
        Torch.setThreads(1);
        manager.close();
    }

    /** Weights as a worker reads them. */
    private Weights served(Consumer<Weights> model) throws IOException {
        Weights fresh = Weights.fresh(manager, 1);
        model.accept(fresh);
        SafeTensors.write(folder.resolve("model.safetensors"), fresh.tensors(), DataType.FLOAT32);
        return Weights.read(folder, manager, DataType.FLOAT32);
    }

    @ParameterizedTest
    @EnumSource
    void aPredictionDoesNotDependOnTheOtherSamples(Engine engine) throws IOException {
        // Wide enough for matrix products that are split among threads; few tokens at the second level, many at the
        // first.
        var config = UNetConfig.of(new ObjectMapper().readTree("""
                {"block_out_channels": [64, 256], "layers_per_block": 1, "cross_attention_dim": 24,
                 "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                 "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"], "attention_head_dim": 2}"""));
        Weights weights = served(fresh -> new UNet2DConditionModel(config, fresh));
        Denoiser unet =
                switch (engine) {
                    case EAGER -> new UNet2DConditionModel(config, weights.packed());
                    case PLAN -> new PlannedDenoiser(new UNet2DConditionModel(config, weights), weights);
                };
        NDArray latents = manager.randomNormal(new Shape(BATCH, 4, 8, 8));
        NDArray timesteps = manager.create(new float[] {1, 200, 300, 400, 500, 600, 999});
        NDArray context = manager.randomNormal(new Shape(BATCH, 7, 24));

        for (int size = 2; size <= BATCH; size++) {
            var some = new NDIndex("0:{}", size);
            NDArray together =
                    unet.forward(latents.get(some), timesteps.get(some), Conditioning.ofStates(context.get(some)));
            for (int i = 0; i < size; i++) {
                var one = new NDIndex("{}:{}", i, i + 1);
                NDArray alone =
                        unet.forward(latents.get(one), timesteps.get(one), Conditioning.ofStates(context.get(one)));
                assertThat(together.get(one).toFloatArray()).isEqualTo(alone.toFloatArray());
            }
        }
    }

    @Test
    void aPictureDoesNotDependOnTheOtherSamples() throws IOException {
        var config = AutoencoderKLConfig.of(
                new ObjectMapper().readTree("{\"block_out_channels\": [32, 64], \"mid_block_add_attention\": true}"));
        var vae = new AutoencoderKL(
                config, served(weights -> new AutoencoderKL(config, weights)).packed());
        NDArray latents = manager.randomNormal(new Shape(BATCH, 4, 16, 16));

        NDArray together = vae.decode(latents);

        for (int i = 0; i < BATCH; i++) {
            var one = new NDIndex("{}:{}", i, i + 1);
            assertThat(together.get(one).toFloatArray())
                    .isEqualTo(vae.decode(latents.get(one)).toFloatArray());
        }
    }
}
