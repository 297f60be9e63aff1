package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Torch;
import io.ruido.train.data.Seeds;
import org.junit.jupiter.api.Test;

class FirstFramesTest {
    private static final int BATCH = 64;
    private static final Shape SHAPE = new Shape(BATCH, 2, 3, 4, 2);

    @Test
    void aGivenFrameIsCleanHasTimestepZeroAndDoesNotCount() {
        try (NDManager manager = Torch.newManager()) {
            NDArray x0 = manager.ones(SHAPE);
            NDArray output = manager.zeros(SHAPE);
            ForwardProcess.Batch noisy = batch(manager);

            ForwardProcess.Batch kept = new FirstFrames(0.5, 4).keep(noisy, x0, Seeds.of(1, 1));

            float[] timesteps = kept.timesteps().toFloatArray(); // (B, 3 · 2)
            int given = 0;
            for (int b = 0; b < BATCH; b++) {
                boolean first = timesteps[6 * b] == 0;
                given += first ? 1 : 0;
                assertThat(timesteps[6 * b + 1]).isEqualTo(timesteps[6 * b]);
                assertThat(timesteps[6 * b + 2]).isEqualTo(7);
                assertThat(timesteps[6 * b + 5]).isEqualTo(7);
                NDArray frames =
                        kept.x().get(b).transpose(1, 0, 2, 3).reshape(3, -1).mean(new int[] {1});
                assertThat(frames.toFloatArray()).containsExactly(first ? 1 : 5, 5, 5);
            }
            assertThat(given).isBetween(16, 48);
            float all = noisy.loss(output).getFloat();
            assertThat(kept.loss(output).getFloat()).isCloseTo(all * (1 - given / (3f * BATCH)), within(1e-4f));
        }
    }

    @Test
    void nothingChangesWhereNoFrameIsGiven() {
        try (NDManager manager = Torch.newManager()) {
            ForwardProcess.Batch noisy = batch(manager);

            assertThat(new FirstFrames(0, 4).keep(noisy, manager.ones(SHAPE), Seeds.of(1, 1)))
                    .isSameAs(noisy);
        }
    }

    private static ForwardProcess.Batch batch(NDManager manager) {
        return new ForwardProcess.Batch(
                manager.ones(SHAPE).mul(5),
                manager.ones(new Shape(BATCH)).mul(7),
                manager.ones(SHAPE),
                manager.ones(new Shape(BATCH, 1, 1, 1, 1)));
    }
}
