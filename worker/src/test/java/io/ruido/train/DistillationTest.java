package io.ruido.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.Golden;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.adversarial.AdversarialLoss;
import io.ruido.train.adversarial.Discriminator;
import io.ruido.train.adversarial.UNetFeatures;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Losses and gradients against {@code make_adversarial_golden.py}. */
class DistillationTest {
    private static final double HUBER = 0.1;

    private final NDManager manager = Torch.newManager();
    private Golden golden;
    private Teacher teacher;

    @BeforeEach
    void read() throws IOException {
        golden = Golden.of("distillation", manager);
        teacher = Teacher.read(golden.folder().resolve("teacher"), 2.5, golden.get("empty"), manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void theConsistencyLossAndItsGradientsAreThoseOfPyTorch() throws IOException {
        ObjectNode scheduler = new JsonMapper()
                .createObjectNode()
                .put("_class_name", "LCMScheduler")
                .put("beta_schedule", "scaled_linear")
                .put("beta_start", 0.00085)
                .put("beta_end", 0.012)
                .put("prediction_type", "v_prediction");
        Weights weights = Weights.fresh(manager, 1), averages = Weights.fresh(manager, 1);
        UNet2DConditionModel student = unet("student", weights), average = unet("average", averages);
        weights.tensors().values().forEach(tensor -> tensor.setRequiresGradient(true));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray loss = new ConsistencyLoss(teacher, new ForwardProcess(scheduler, 0), HUBER)
                    .of(
                            student,
                            average,
                            golden.get("x0"),
                            golden.get("eps"),
                            timesteps("from"),
                            timesteps("to"),
                            golden.get("context"));
            collector.backward(loss);

            golden.assertClose("consistency_loss", loss.reshape(1));
            weights.tensors()
                    .forEach((name, tensor) -> golden.assertClose("student.grad." + name, tensor.getGradient()));
        }
    }

    @Test
    void theDistanceToWhatTheTeacherMakesOfSamplesIsThatOfPyTorch() {
        NDArray fake = golden.get("fake");
        fake.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray distance = new DistillationLoss(teacher, 0.7)
                    .of(fake, golden.get("eps"), timesteps("levels"), golden.get("context"));
            collector.backward(distance);

            golden.assertClose("distance", distance.reshape(1));
            golden.assertClose("grad_distance", fake.getGradient());
        }
    }

    @Test
    void theAdversarialLossesOfATeachersFeaturesAreThoseOfPyTorch() {
        Weights weights = Weights.fresh(manager, 1);
        var heads = new Discriminator(weights, new UNetFeatures(teacher.unet()), 8);
        weights.tensors().forEach((name, tensor) -> golden.get(name.replace("heads.", "heads.weights."))
                .copyTo(tensor));
        var loss = new AdversarialLoss(heads, 0.3, 0.1);
        NDArray fake = golden.get("fake"), levels = golden.get("levels"), context = golden.get("context");

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            fake.setRequiresGradient(true);
            NDArray generator = loss.generator(golden.get("x0"), fake, levels, context);
            collector.backward(generator);
            golden.assertClose("generator_loss", generator.reshape(1));
            golden.assertClose("grad_fake", fake.getGradient());
        }
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            weights.tensors().values().forEach(tensor -> tensor.setRequiresGradient(true));
            NDArray discriminator =
                    loss.discriminator(golden.get("x0"), fake.stopGradient(), levels, context, golden.get("noise"));
            collector.backward(discriminator);
            golden.assertClose("discriminator_loss", discriminator.reshape(1));
            weights.tensors()
                    .forEach((name, tensor) ->
                            golden.assertClose(name.replace("heads.", "heads.grad."), tensor.getGradient()));
        }
    }

    private UNet2DConditionModel unet(String name, Weights weights) throws IOException {
        var unet = new UNet2DConditionModel(UNetConfig.read(golden.folder().resolve("teacher/unet")), weights);
        weights.tensors().forEach((tensorName, tensor) -> golden.get(name + ".weights." + tensorName)
                .copyTo(tensor));
        return unet;
    }

    private int[] timesteps(String name) {
        float[] values = golden.get(name).toFloatArray();
        int[] timesteps = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            timesteps[i] = (int) values[i];
        }
        return timesteps;
    }
}
