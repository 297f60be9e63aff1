package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.tensor.Torch;
import io.ruido.train.data.Examples;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Seeds;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardProcessTest {
    private static final int TIMESTEPS = 1000;

    private final Examples examples = Examples.pixels(new ImageFolder.Sized(Samples.SIZE, Samples.images(3)));

    @ParameterizedTest
    @CsvSource({"linear, leading", "scaled_linear, trailing", "squaredcos_cap_v2, leading"})
    void imagesAreAsNoisyAsTheScheduleSays(String schedule, String spacing) {
        ObjectNode scheduler = new JsonMapper()
                .createObjectNode()
                .put("_class_name", "DDIMScheduler")
                .put("beta_schedule", schedule)
                .put("beta_start", 1e-4)
                .put("beta_end", 0.02)
                .put("timestep_spacing", spacing)
                .put("steps_offset", 1)
                .put("prediction_type", "epsilon");
        var process = new ForwardProcess(scheduler, 0);
        int[] chosen = {2, 0, 1, 2, 1, 0, 0, 1};
        try (NDManager manager = Torch.newManager()) {
            ForwardProcess.Batch batch = process.draw(manager, examples, chosen, Seeds.of(1, 2));

            float[] x = batch.x().toFloatArray(), eps = batch.wanted().toFloatArray();
            float[] timesteps = batch.timesteps().toFloatArray();
            for (int b = 0; b < chosen.length; b++) {
                double alphaBar = alphaBar(schedule, (int) timesteps[b]);
                int at = b * examples.length() + 7;
                double expected =
                        Math.sqrt(alphaBar) * examples.value(chosen[b], 7) + Math.sqrt(1 - alphaBar) * eps[at];
                assertThat(x[at]).as("at timestep %s", timesteps[b]).isCloseTo((float) expected, within(1e-4f));
            }
        }
    }

    @Test
    void imagesOfFlowMatchingLieOnAStraightPathToTheNoise() {
        ObjectNode scheduler = new JsonMapper()
                .createObjectNode()
                .put("_class_name", "UniPCMultistepScheduler")
                .put("use_flow_sigmas", true)
                .put("prediction_type", "flow_prediction");
        var process = new ForwardProcess(scheduler, 0);
        int[] chosen = new int[200];
        try (NDManager manager = Torch.newManager()) {
            ForwardProcess.Batch batch = process.draw(manager, examples, chosen, Seeds.of(1, 2));

            float[] x = batch.x().toFloatArray(), velocity = batch.wanted().toFloatArray();
            float[] timesteps = batch.timesteps().toFloatArray();
            int middle = 0;
            for (int b = 0; b < chosen.length; b++) {
                int at = b * examples.length() + 7;
                float expected = examples.value(0, 7) + timesteps[b] / TIMESTEPS * velocity[at];
                assertThat(x[at]).as("at timestep %s", timesteps[b]).isCloseTo(expected, within(1e-5f));
                assertThat(timesteps[b]).isBetween(1f, 1000f);
                middle += timesteps[b] > 269 && timesteps[b] <= 731 ? 1 : 0; // within ±1 of the logit, 68 %
            }
            assertThat(middle).isBetween(115, 157);
        }
    }

    /** ᾱ by its definitions: products of 1 − β, or f(t)/f(0) of Nichol and Dhariwal 2021, equation 17. */
    private static double alphaBar(String schedule, int timestep) {
        double product = 1;
        for (int t = 0; t <= timestep; t++) {
            double part = t / (TIMESTEPS - 1.0);
            double root = Math.sqrt(1e-4) + part * (Math.sqrt(0.02) - Math.sqrt(1e-4));
            DoubleUnaryOperator f = at -> Math.pow(Math.cos((at / TIMESTEPS + 0.008) / 1.008 * Math.PI / 2), 2);
            product *= switch (schedule) {
                case "linear" -> 1 - (1e-4 + part * (0.02 - 1e-4));
                case "scaled_linear" -> 1 - root * root;
                default -> Math.max(0.001, f.applyAsDouble(t + 1) / f.applyAsDouble(t));
            };
        }
        return product;
    }
}
