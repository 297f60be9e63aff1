package io.ruido.pipeline.image;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;

class LatentUpscalerTest {
    /** Values of torch.nn.functional.interpolate(x, (4, 3), mode="bilinear") for [[0, 1], [2, 3]] and ten more. */
    @Test
    void latentsAreInterpolatedAsTorchDoesIt() {
        float[] latents = {0, 1, 2, 3, 10, 11, 12, 13};

        float[] large = LatentUpscaler.bilinear(latents, new Shape(1, 2, 2, 2), new Shape(1, 2, 4, 3));

        float[] first = {0, 0.5f, 1, 0.5f, 1, 1.5f, 1.5f, 2, 2.5f, 2, 2.5f, 3};
        for (int i = 0; i < first.length; i++) {
            assertThat(large[i]).isEqualTo(first[i]);
            assertThat(large[12 + i]).isEqualTo(10 + first[i]);
        }
    }
}
