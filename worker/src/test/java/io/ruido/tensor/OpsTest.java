package io.ruido.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class OpsTest {
    @Test
    void theGradientOfAScaledArraySurvivesAGarbageCollection() throws InterruptedException {
        try (NDManager manager = Torch.newManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray x = manager.ones(new Shape(1));
            x.setRequiresGradient(true);

            NDArray y = x;
            for (int i = 0; i < 100; i++) {
                y = Ops.scale(y, 2).add(Ops.scale(y, -1)); // y
            }
            overwriteFreedMemory();
            collector.backward(y);

            assertThat(x.getGradient().getFloat()).isEqualTo(1);
        }
    }

    private static void overwriteFreedMemory() throws InterruptedException {
        System.gc();
        Thread.sleep(100); // the cleaner of direct buffers has a thread of its own
        for (int i = 0; i < 10_000; i++) {
            ByteBuffer.allocateDirect(4).putFloat(0, i);
        }
    }
}
