package io.ruido.model.wan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Golden;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {
    private static final Path FOLDER = Golden.path("golden/wan-pipelines/text-2.1/transformer");

    @Test
    void tablesNormsAndTheTimestepsNetworkStayInFloat32() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            Weights whole = Weights.read(FOLDER, manager, DataType.FLOAT32);
            Weights half = Weights.read(FOLDER, manager, DataType.BFLOAT16);
            WanTransformer3DModel exact = WanTransformer3DModel.NETWORK.read(FOLDER, whole);
            WanTransformer3DModel rounded = WanTransformer3DModel.NETWORK.read(FOLDER, half);
            WanConfig config = exact.config();

            for (Map.Entry<String, NDArray> weight : half.tensors().entrySet()) {
                boolean kept = weight.getKey().matches(".*(scale_shift_table|norm2\\..*|time_embedder\\..*)");
                // DJL has no name for the type of a bfloat16 tensor.
                assertThat(weight.getValue().getDataType() == DataType.FLOAT32)
                        .as(weight.getKey())
                        .isEqualTo(kept);
            }
            Shape shape = new Shape(1, config.inChannels(), 2, 4, 4);
            NDArray latents = manager.create(Seeds.normal(Seeds.of(1, 1), (int) shape.size()), shape);
            NDArray text = manager.create(
                    Seeds.normal(Seeds.of(1, 2), 5 * config.textDim()), new Shape(1, 5, config.textDim()));
            NDArray timesteps = manager.create(new float[] {700});
            NDArray expected = exact.forward(latents, timesteps, text, Ops.none());
            NDArray actual = Ops.cast(
                    rounded.forward(
                            Ops.cast(latents, DataType.BFLOAT16),
                            timesteps,
                            Ops.cast(text, DataType.BFLOAT16),
                            Ops.none()),
                    DataType.FLOAT32);
            float error = actual.sub(expected).abs().mean().getFloat()
                    / expected.abs().mean().getFloat();
            assertThat(error).isLessThan(0.02f);
        }
    }
}
