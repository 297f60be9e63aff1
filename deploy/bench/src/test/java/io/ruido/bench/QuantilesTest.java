package io.ruido.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QuantilesTest {
    @Test
    void quantilesAreExactToFourDigitsWhateverTheOrderAndRange() {
        Quantiles percent = Quantiles.of(IntStream.rangeClosed(0, 100).mapToDouble(i -> 100 - i));

        assertThat(percent.at(0)).isZero();
        assertThat(percent.median()).isCloseTo(50, within(0.01));
        assertThat(percent.at(0.95)).isCloseTo(95, within(0.01));
        assertThat(percent.at(1)).isCloseTo(100, within(0.01));
        assertThat(Quantiles.of(DoubleStream.of(0.00012, 5_000)).at(0)).isCloseTo(0.00012, within(1e-6));
    }

    @Test
    void noValueHasNoQuantile() {
        assertThatIllegalArgumentException().isThrownBy(() -> Quantiles.of(DoubleStream.empty()));
    }
}
