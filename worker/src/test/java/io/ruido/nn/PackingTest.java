package io.ruido.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackingTest {
    private static final double ROUNDING = 2e-5;

    @TempDir
    private Path folder;

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @CsvSource({
        "8, 12, 3, 1, 7, 9", // oneDNN's arrangement
        "8, 12, 3, 2, 8, 6",
        "8, 12, 5, 1, 8, 8",
        "256, 272, 3, 1, 16, 16", // Winograd's
        "256, 256, 3, 1, 4, 4", // fewer tiles than rows that are multiplied at a time
        "272, 256, 3, 1, 17, 10", // sides that tiles do not divide
        "256, 256, 3, 1, 1, 1"
    })
    void aPackedConvolutionComputesWhatThePlainOneDoes(
            long in, long out, long kernel, long stride, long height, long width) throws IOException {
        Weights fresh = Weights.fresh(manager, 1);
        Conv2d plain = Conv2d.of(fresh, in, out, kernel, stride);
        SafeTensors.write(folder.resolve("model.safetensors"), fresh.tensors(), DataType.FLOAT32);
        Weights read = Weights.read(folder, manager, DataType.FLOAT32);
        Conv2d packed = Conv2d.of(read.packed(), in, out, kernel, stride);
        NDArray x = manager.randomNormal(new Shape(2, in, height, width));

        NDArray difference = forward(packed, x, stride).sub(forward(plain, x, stride));

        assertThat(difference.abs().max().getFloat()).isLessThan((float) ROUNDING);
    }

    @Test
    void aWeightThatWillBeTrainedStaysAsItIs() {
        assertThat(Conv2d.of(Weights.fresh(manager, 1), 256, 256, 3).weight().getShape())
                .isEqualTo(new Shape(256, 256, 3, 3));
    }

    private static NDArray forward(Conv2d conv, NDArray x, long stride) {
        return stride == 1 ? conv.forward(x) : new Downsample(conv, false).forward(x);
    }
}
