package io.ruido.train.optimization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import io.ruido.model.Golden;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.recipe.Optimization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against {@code make_training_golden.py}. */
class AdamWTest {
    private static final Optimization OPTIMIZATION =
            new Optimization(10, 2, 1e-2, 3, 5, 0.9, 0.99, 0.1, 0.5, 0.9, 100, 100);

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void tenStepsGiveTheLossesWeightsAndAveragesOfPyTorch() throws IOException {
        Golden golden = Golden.of("adamw", manager);
        Weights weights = Weights.fresh(manager, 1);
        var unet = new UNet2DConditionModel(UNetConfig.read(golden.folder()), weights);
        Path file = golden.folder().resolve("diffusion_pytorch_model.safetensors");
        Map<String, NDArray> saved = SafeTensors.read(file, manager, DataType.FLOAT32);
        saved.forEach((name, tensor) -> tensor.copyTo(weights.tensors().get(name)));
        Map<String, Map<String, NDArray>> parts = Map.of(
                Checkpoint.WEIGHTS, weights.tensors(),
                Checkpoint.AVERAGES, scaled(weights.tensors(), 1),
                Checkpoint.EXP_AVG, scaled(weights.tensors(), 0),
                Checkpoint.EXP_AVG_SQ, scaled(weights.tensors(), 0));
        var adamW = new AdamW(manager, parts, name -> true);
        float[] losses = golden.get("losses").toFloatArray();
        float[] norms = golden.get("norms").toFloatArray();

        for (int step = 0; step < losses.length; step++) {
            try (GradientCollector _ = Engine.getEngine("PyTorch").newGradientCollector()) {
                NDArray out = unet.forward(golden.get("latents"), golden.get("timesteps"), golden.get("context"));
                NDArray loss = out.sub(golden.get("noise")).square().mean();
                assertThat(loss.getFloat()).as("loss of step %d", step).isCloseTo(losses[step], within(1e-4f));
                assertThat(adamW.update(loss, OPTIMIZATION, step))
                        .as("gradient norm of step %d", step)
                        .isCloseTo(norms[step], within(1e-4 * norms[step]));
            }
        }

        parts.get(Checkpoint.WEIGHTS).forEach((name, weight) -> golden.assertClose("weights." + name, weight));
        parts.get(Checkpoint.AVERAGES).forEach((name, average) -> golden.assertClose("averages." + name, average));
    }

    private static Map<String, NDArray> scaled(Map<String, NDArray> tensors, int factor) {
        Map<String, NDArray> scaled = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> scaled.put(name, tensor.mul(factor)));
        return scaled;
    }
}
