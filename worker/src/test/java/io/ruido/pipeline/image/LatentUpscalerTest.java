package io.ruido.pipeline.image;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.noise.TorchRandom;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatentUpscalerTest {
    /** Values of torch.nn.functional.interpolate(x, (4, 3), mode="bilinear") for [[0, 1], [2, 3]] and ten more. */
    @Test
    void latentsAreInterpolatedAsTorchDoesIt() {
        float[] latents = {0, 1, 2, 3, 10, 11, 12, 13};

        float[] large = LatentUpscaler.bilinear(latents, new Shape(1, 2, 2, 2), new Shape(1, 2, 4, 3), false);

        float[] first = {0, 0.5f, 1, 0.5f, 1, 1.5f, 1.5f, 2, 2.5f, 2, 2.5f, 3};
        for (int i = 0; i < first.length; i++) {
            assertThat(large[i]).isEqualTo(first[i]);
            assertThat(large[12 + i]).isEqualTo(10 + first[i]);
        }
    }

    /** One that is moved around is enlarged to the same one moved around. */
    @Test
    void latentsAndImagesWithoutSeamsAreEnlargedWithoutSeams() {
        float[] latents = new TorchRandom(1).randn(4 * 6);
        byte[] colours = new byte[3 * 4 * 6];
        new Random(1).nextBytes(colours);

        assertThat(enlarged(moved(latents, 6, 1))).isEqualTo(moved(enlarged(latents), 12, 2));
        assertThat(new RgbImage(6, 4, moved(colours, 6, 3)).tileResized(12, 8).rgb())
                .isEqualTo(moved(new RgbImage(6, 4, colours).tileResized(12, 8).rgb(), 12, 6));
        assertThat(new RgbImage(6, 4, moved(colours, 6, 9)).tileResized(2, 4).rgb())
                .as("made smaller")
                .isEqualTo(moved(new RgbImage(6, 4, colours).tileResized(2, 4).rgb(), 2, 3));
        assertThat(new RgbImage(6, 4, colours).tileResized(9, 10).hasSize(9, 10))
                .isTrue();
    }

    private static float[] enlarged(float[] latents) {
        return LatentUpscaler.bilinear(latents, new Shape(1, 1, 4, 6), new Shape(1, 1, 8, 12), true);
    }

    /** Moves each row to the right. */
    private static float[] moved(float[] values, int width, int by) {
        float[] moved = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            moved[i / width * width + (i + by) % width] = values[i];
        }
        return moved;
    }

    private static byte[] moved(byte[] colours, int width, int by) {
        byte[] moved = new byte[colours.length];
        for (int i = 0; i < colours.length; i++) {
            int row = 3 * width;
            moved[i / row * row + (i + by) % row] = colours[i];
        }
        return moved;
    }
}
