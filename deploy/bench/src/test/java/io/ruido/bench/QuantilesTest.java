package io.ruido.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QuantilesTest {
    @Test
    void theMedianIsTheMiddleOfTheValuesInOrder() {
        assertThat(Quantiles.of(DoubleStream.of(9, 1, 4)).median()).isEqualTo(4);
        assertThat(Quantiles.of(DoubleStream.of(4, 1)).median()).isEqualTo(2.5);
    }

    @Test
    void quantilesLieBetweenTheNearestValues() {
        Quantiles percent = Quantiles.of(IntStream.rangeClosed(0, 100).mapToDouble(i -> 100 - i));
        assertThat(percent.at(0)).isZero();
        assertThat(percent.at(0.95)).isEqualTo(95);
        assertThat(percent.at(0.955)).isCloseTo(95.5, within(1e-9));
        assertThat(percent.at(1)).isEqualTo(100);
    }

    @Test
    void oneValueIsEveryQuantile() {
        assertThat(Quantiles.of(DoubleStream.of(3)).at(0.95)).isEqualTo(3);
    }

    @Test
    void noValueHasNoQuantile() {
        assertThatIllegalArgumentException().isThrownBy(() -> Quantiles.of(DoubleStream.empty()));
    }
}
