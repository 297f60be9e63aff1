package io.ruido.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.ruido.model.Conditioning;
import io.ruido.model.Golden;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.WanDenoiser;
import io.ruido.model.wan.WanTransformer3DModel;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Seeds;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Losses and gradients of training on clips against PyTorch's and diffusers', see {@code make_clip_training_golden.py}. */
class ClipLossTest {
    private static final double GRADIENT_ERROR = 2e-4;

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void theAutoencodersLossHasPyTorchsGradients() throws IOException {
        Golden golden = Golden.of("clip-training/vae", manager);
        Weights weights = Weights.read(golden.folder(), manager, DataType.FLOAT32);
        AutoencoderKLWan vae = AutoencoderKLWan.NETWORK.read(golden.folder(), weights);
        weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray clip = golden.get("clip");
            AutoencoderKL.Posterior q = vae.encode(clip);
            NDArray y =
                    vae.decodeUnclipped(q.mean().add(q.logvar().mul(0.5f).exp().mul(golden.get("noise"))));
            NDArray loss = new ReconstructionLoss(2, 0.5, 1e-3).of(clip, y, q);
            golden.assertClose("loss", loss.reshape(1));
            collector.backward(loss);
        }

        assertGradients(golden, weights);
    }

    @Test
    void theTransformersLossHasPyTorchsGradientsWhereFirstFramesAreGiven() throws IOException {
        Golden golden = Golden.of("clip-training/transformer", manager);
        Weights weights = Weights.read(golden.folder(), manager, DataType.FLOAT32);
        var denoiser =
                new WanDenoiser(WanTransformer3DModel.NETWORK.read(golden.folder(), weights), Optional.empty(), 0);
        weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            var drawn = new ForwardProcess.Batch(
                    golden.get("noisy"),
                    golden.get("timesteps"),
                    golden.get("wanted"),
                    manager.ones(new Shape(2, 1, 1, 1, 1)));
            ForwardProcess.Batch batch = new FirstFrames(1, 4).keep(drawn, golden.get("x0"), Seeds.of(1, 1));
            NDArray loss = batch.loss(
                    denoiser.forward(batch.x(), batch.timesteps(), Conditioning.ofStates(golden.get("text"))));
            golden.assertClose("loss", loss.reshape(1));
            collector.backward(loss);
        }

        assertGradients(golden, weights);
    }

    private static void assertGradients(Golden golden, Weights weights) {
        weights.tensors()
                .forEach((name, weight) -> golden.assertClose("grad." + name, weight.getGradient(), GRADIENT_ERROR));
    }
}
