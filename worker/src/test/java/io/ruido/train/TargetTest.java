package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.nn.Torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TargetTest {
    @ParameterizedTest
    @EnumSource
    void aPerfectOutputGivesBackPictureAndNoise(Target target) {
        float x0 = 0.7f, eps = -1.3f, s = 0.6f, r = 0.8f;
        try (NDManager manager = Torch.newManager()) {
            NDArray x = manager.create(s * x0 + r * eps);
            NDArray output = manager.create(target.of(x0, eps, s, r));

            assertThat(target.x0(x, output, s, r).getFloat()).isCloseTo(x0, within(1e-6f));
            assertThat(target.eps(x, output, s, r).getFloat()).isCloseTo(eps, within(1e-6f));
        }
    }

    @ParameterizedTest
    @EnumSource
    void minSnrWeightsClampTheWeightOfTheCleanPicture(Target target) {
        // ‖x₀ − x̂₀‖² is 1/SNR of the ε loss and 1/(SNR + 1) of the v loss: both weights come to min(SNR, γ).
        double perPicture = target == Target.EPSILON ? 20 : 21;

        assertThat(target.minSnrWeight(20, 5) * perPicture).isCloseTo(5, within(1e-9));
    }
}
