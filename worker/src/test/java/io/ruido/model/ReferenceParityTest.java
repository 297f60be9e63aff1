package io.ruido.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.tensor.Weights;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The models against diffusers' outputs and gradients for the same weights and inputs. */
class ReferenceParityTest {
    /** A bias' gradient is a sum over all places; its last digits depend on the processor's kernels (1.2e-4 with AVX2). */
    private static final double GRADIENT_ERROR = 2e-4;

    private final NDManager manager = NDManager.newBaseManager("PyTorch");

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vae", "vae-plain"})
    void theAutoencoderComputesWhatDiffusersDoes(String name) throws IOException {
        Golden golden = Golden.of(name, manager);
        AutoencoderKL vae = AutoencoderKL.read(golden.folder(), manager, DataType.FLOAT32);

        AutoencoderKL.Posterior posterior = vae.encode(golden.get("picture"));

        golden.assertClose("mean", posterior.mean());
        golden.assertClose("logvar", posterior.logvar());
        golden.assertClose("decoded", vae.decode(golden.get("mean")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "unet-deep", "unet-no-middle-attention"})
    void theUNetComputesWhatDiffusersDoes(String name) throws IOException {
        Golden golden = Golden.of(name, manager);
        Weights weights =
                Weights.read(golden.folder(), manager, DataType.FLOAT32).packed();
        Denoiser unet = UNet2DConditionModel.NETWORK.read(golden.folder(), weights);

        Conditioning conditioning = Conditioning.ofStates(golden.get("context"));
        NDArray out = unet.forward(golden.get("latents"), golden.get("timesteps"), conditioning);

        golden.assertClose("out", out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vae", "vae-plain"})
    void theAutoencodersGradientsAreThoseOfPyTorch(String name) throws IOException {
        Golden golden = Golden.of(name, manager);
        Weights weights = trainable(golden);
        var vae = new AutoencoderKL(AutoencoderKLConfig.read(golden.folder()), weights);
        weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            AutoencoderKL.Posterior posterior = vae.encode(golden.get("picture"));
            NDArray loss = vae.decode(posterior.mean())
                    .sub(golden.get("picture"))
                    .square()
                    .mean()
                    .add(posterior.logvar().square().mean());
            golden.assertClose("loss", loss.reshape(1));
            collector.backward(loss);
        }

        assertGradients(golden, weights);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet", "unet-deep", "unet-no-middle-attention"})
    void theUNetsGradientsAreThoseOfPyTorch(String name) throws IOException {
        Golden golden = Golden.of(name, manager);
        Weights weights = trainable(golden);
        var unet = new UNet2DConditionModel(UNetConfig.read(golden.folder()), weights);
        weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));

        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray loss = unet.forward(golden.get("latents"), golden.get("timesteps"), golden.get("context"))
                    .sub(golden.get("noise"))
                    .square()
                    .mean();
            golden.assertClose("loss", loss.reshape(1));
            collector.backward(loss);
        }

        assertGradients(golden, weights);
    }

    private Weights trainable(Golden golden) throws IOException {
        return Weights.read(golden.folder(), manager, DataType.FLOAT32);
    }

    private static void assertGradients(Golden golden, Weights weights) {
        assertThat(weights.tensors()).isNotEmpty();
        weights.tensors()
                .forEach((name, weight) -> golden.assertClose("grad." + name, weight.getGradient(), GRADIENT_ERROR));
    }
}
