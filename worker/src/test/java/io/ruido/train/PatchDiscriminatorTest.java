package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatchDiscriminatorTest {
    @Test
    void whatItLearnsTurnsTheReconstructionsTheOtherWay() {
        try (NDManager manager = Torch.newManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            var discriminator = new PatchDiscriminator(Weights.fresh(manager, 1), List.of(4, 8), DataType.FLOAT32);
            NDArray pictures = Torch.tensor(manager, Seeds.normal(Seeds.of(1, 1), 384), new Shape(2, 3, 8, 8));
            NDArray made = Torch.tensor(manager, Seeds.normal(Seeds.of(1, 2), 384), new Shape(2, 3, 8, 8));
            made.setRequiresGradient(true);

            NDArray loss = discriminator.loss(pictures, made, 0.5);
            collector.backward(loss);

            NDArray moved = made.sub(made.getGradient()); // downhill for the autoencoder
            assertThat(discriminator.loss(pictures, moved, 0.5).getFloat()).isGreaterThan(loss.getFloat());
            assertThat(discriminator.loss(pictures, made, 0).getFloat()).isCloseTo(loss.getFloat(), within(1e-5f));
        }
    }
}
