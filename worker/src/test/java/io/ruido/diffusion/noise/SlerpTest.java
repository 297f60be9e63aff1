package io.ruido.diffusion.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlerpTest {
    private static final float[] FROM = new TorchRandom(1).randn(4096);
    private static final float[] TO = new TorchRandom(2).randn(4096);

    @Test
    void theEndsAreTheNoisesThemselves() {
        assertThat(Slerp.between(FROM, TO, 0)).isEqualTo(FROM);
        assertThat(Slerp.between(FROM, TO, 1)).isEqualTo(TO);
        assertThat(Slerp.between(FROM, FROM, 0.5)).isEqualTo(FROM);
    }

    /** A weighted mean would be weaker: its deviation in the middle is 0.7. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.5, 0.9})
    void betweenThemTheNoiseIsAsStrongAsAnywhere(double share) {
        double squares = 0;
        for (float value : Slerp.between(FROM, TO, share)) {
            squares += value * value;
        }
        assertThat(Math.sqrt(squares / FROM.length)).isEqualTo(1, within(0.03));
    }
}
