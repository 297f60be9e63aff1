package io.ruido.train.optimization;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.AutoencoderKLWanConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipWorkTest {
    /** Twice the sides are four times the work, and four frames more are as much again: what lies at which level shows in both. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void theWorkOfAnAutoencoderGrowsWithPixelsAndFrames(boolean residual) throws IOException {
        JsonNode json = new YAMLMapper().readTree("""
                {base_dim: 4, z_dim: 1, latents_mean: [0], latents_std: [1], dim_mult: [1, 1, 1], num_res_blocks: 1,
                 temperal_downsample: [true, true], is_residual: %s}""".formatted(residual));
        AutoencoderKLWanConfig config = AutoencoderKLWanConfig.of(json);
        try (NDManager manager = Torch.newManager()) {
            Weights weights = Weights.fresh(manager, 1);
            AutoencoderKLWan.NETWORK.builder().build(json, weights);

            double one = ClipWork.autoencoder(weights.tensors(), config, 1, 16);
            double five = ClipWork.autoencoder(weights.tensors(), config, 5, 16);
            double nine = ClipWork.autoencoder(weights.tensors(), config, 9, 16);

            assertThat(ClipWork.autoencoder(weights.tensors(), config, 5, 32)).isEqualTo(4 * five);
            assertThat(nine - five).isEqualTo(five - one);
            // The encoder's first convolution alone, 3·4·27 weights at 16² places of a frame.
            assertThat(one).isGreaterThan(2.0 * 3 * 4 * 27 * 256);
            assertThat(five - one).isBetween(one, 4 * one);
        }
    }
}
