package io.ruido.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Torch;
import org.junit.jupiter.api.Test;

class TilesTest {
    /** The first row and column of each tile are wrong, as what comes before them is not known. */
    private static NDArray decoded(NDArray tile) {
        NDArray pixels = tile.repeat(2, 2).repeat(3, 2);
        pixels.set(new NDIndex(":, :, 0, :"), 100);
        pixels.set(new NDIndex(":, :, :, 0"), 100);
        return pixels;
    }

    @Test
    void withoutSeamsTheEndFadesIntoTheBeginning() {
        try (NDManager manager = Torch.newManager()) {
            NDArray z = manager.randomUniform(0, 1, new Shape(1, 1, 13, 20));
            NDArray expected = z.repeat(2, 2).repeat(3, 2);

            NDArray seamless = Tiles.decodeSeamless(z, 8, 16, TilesTest::decoded);

            assertThat(Tiles.decode(z, 8, 16, TilesTest::decoded).max().getFloat())
                    .as("with seams")
                    .isEqualTo(100);
            assertThat(seamless.getShape()).isEqualTo(expected.getShape());
            assertThat(seamless.sub(expected).abs().max().getFloat()).isLessThan(1e-4f);
        }
    }
}
