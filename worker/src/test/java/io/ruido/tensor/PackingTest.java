package io.ruido.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.nn.Conv2d;
import io.ruido.nn.Downsample;
import io.ruido.nn.Linear;
import io.ruido.nn.attention.Attention;
import io.ruido.nn.attention.FeedForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
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
        "8, 12, 1, 1, 8, 6", // a linear layer's
        "256, 272, 3, 1, 16, 16", // Winograd's
        "256, 256, 3, 1, 4, 4", // fewer tiles than rows that are multiplied at a time
        "272, 256, 3, 1, 17, 10", // sides that tiles do not divide
        "256, 256, 3, 1, 1, 1"
    })
    void aPackedConvolutionComputesWhatThePlainOneDoes(
            long in, long out, long kernel, long stride, long height, long width) throws IOException {
        Weights fresh = Weights.fresh(manager, 1);
        Conv2d plain = Conv2d.of(fresh, in, out, kernel, stride);
        Conv2d packed = Conv2d.of(saved(fresh, DataType.FLOAT32).packed(), in, out, kernel, stride);
        NDArray x = manager.randomNormal(new Shape(2, in, height, width));

        NDArray difference = forward(packed, x, stride).sub(forward(plain, x, stride));

        assertThat(difference.abs().max().getFloat()).isLessThan((float) ROUNDING);
    }

    @ParameterizedTest
    @CsvSource({"16, 24, 3, 1, 8, 6", "16, 24, 3, 2, 8, 6", "16, 24, 1, 1, 8, 6", "256, 256, 3, 1, 16, 16"})
    void aPackedConvolutionComputesInBfloat16WhatThePlainOneDoes(
            long in, long out, long kernel, long stride, long height, long width) throws IOException {
        Weights fresh = Weights.fresh(manager, 1);
        Conv2d plain = Conv2d.of(fresh, in, out, kernel, stride);
        Conv2d packed = Conv2d.of(saved(fresh, DataType.BFLOAT16).packed(), in, out, kernel, stride);
        NDArray x = manager.randomNormal(new Shape(2, in, height, width));

        NDArray expected = forward(plain, x, stride);
        NDArray found = Ops.cast(forward(packed, Ops.cast(x, DataType.BFLOAT16), stride), DataType.FLOAT32);

        float greatest = expected.abs().max().getFloat();
        assertThat(found.sub(expected).abs().max().getFloat()).isLessThan(0.02f * greatest);
    }

    @Test
    void packedLayersComputeWhatPlainOnesDo() throws IOException {
        NDArray x = manager.randomNormal(new Shape(2, 5, 24));
        NDArray context = manager.randomNormal(new Shape(2, 7, 16));
        List<Function<Weights, UnaryOperator<NDArray>>> layers = List.of(
                weights -> Linear.of(weights, 24, 40)::forward,
                weights -> Linear.withoutBias(weights, 24, 40)::forward,
                weights -> FeedForward.geglu(weights, 24)::forward,
                weights -> {
                    var attention = Attention.toItself(weights, 24, 2, 10, true);
                    return y -> attention.forward(y, y);
                },
                weights -> {
                    var attention = Attention.of(weights, 24, 16, 3, 8, false);
                    return y -> attention.forward(y, context);
                });
        for (var layer : layers) {
            Weights fresh = Weights.fresh(manager, 1);
            NDArray plain = layer.apply(fresh).apply(x);

            NDArray packed =
                    layer.apply(saved(fresh, DataType.FLOAT32).packed()).apply(x);

            assertThat(packed.sub(plain).abs().max().getFloat()).isLessThan((float) ROUNDING);
        }
    }

    @Test
    void aRowOfAPackedLayerDoesNotDependOnTheOtherRows() throws IOException {
        Torch.setThreads(2);
        Weights fresh = Weights.fresh(manager, 1);
        Linear.of(fresh, 1024, 256);
        Linear layer = Linear.of(saved(fresh, DataType.FLOAT32).packed(), 1024, 256);
        NDArray x = manager.randomNormal(new Shape(256, 1024));
        NDArray all = layer.forward(x);

        for (int rows : new int[] {1, 2, 3, 5, 8, 16, 31, 77, 128, 200}) {
            var first = new NDIndex("0:{}", rows);
            assertThat(layer.forward(x.get(first)).toFloatArray())
                    .isEqualTo(all.get(first).toFloatArray());
        }
    }

    @Test
    void aWeightThatWillBeTrainedStaysAsItIs() {
        assertThat(Conv2d.of(Weights.fresh(manager, 1), 256, 256, 3).weight().getShape())
                .isEqualTo(new Shape(256, 256, 3, 3));
    }

    private Weights saved(Weights weights, DataType type) throws IOException {
        SafeTensors.write(folder.resolve("model.safetensors"), weights.tensors(), DataType.FLOAT32);
        return Weights.read(folder, manager, type);
    }

    private static NDArray forward(Conv2d conv, NDArray x, long stride) {
        return stride == 1 ? conv.forward(x) : new Downsample(conv, false).forward(x);
    }
}
