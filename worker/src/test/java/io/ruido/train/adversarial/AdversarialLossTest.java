package io.ruido.train.adversarial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.ruido.model.Golden;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against {@code make_adversarial_golden.py}. */
class AdversarialLossTest {
    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void bothLossesAndAllGradientsAreThoseOfPyTorch() throws IOException {
        Golden golden = Golden.of("adversarial", manager);
        Weights weights = Weights.fresh(manager, 1);
        var features = new ConvFeatures(weights.at("features"), 2, List.of(4, 8), DataType.FLOAT32);
        var loss = new AdversarialLoss(new Discriminator(weights, features, 8), 0.3, 0.1);
        weights.tensors()
                .forEach((name, tensor) -> golden.get("weights." + name).copyTo(tensor));
        NDArray real = golden.get("real"), fake = golden.get("fake"), states = golden.get("states");
        NDArray timesteps = manager.zeros(new Shape(3));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            fake.setRequiresGradient(true);
            NDArray generator = loss.generator(real, fake, timesteps, states);
            collector.backward(generator);
            golden.assertClose("generator_loss", generator.reshape(1));
            golden.assertClose("grad_fake", fake.getGradient());
        }
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            weights.tensors().values().forEach(tensor -> tensor.setRequiresGradient(true));
            NDArray discriminator =
                    loss.discriminator(real, fake.stopGradient(), timesteps, states, golden.get("noise"));
            collector.backward(discriminator);
            golden.assertClose("discriminator_loss", discriminator.reshape(1));
            weights.tensors().forEach((name, tensor) -> golden.assertClose("grad." + name, tensor.getGradient()));
        }
    }

    @Test
    void aGeneratorThatIsFarBehindStillGetsAGradient() {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray fake = manager.create(new float[] {-50}, new Shape(1, 1, 1, 1));
            NDArray real = manager.create(new float[] {50}, new Shape(1, 1, 1, 1));
            fake.setRequiresGradient(true);

            collector.backward(RelativisticLoss.generator(List.of(real), List.of(fake)));

            assertThat(fake.getGradient().getFloat()).isCloseTo(-1, within(1e-6f));
        }
    }
}
