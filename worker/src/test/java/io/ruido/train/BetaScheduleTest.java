package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BetaScheduleTest {
    /** From {@code diffusers.DDPMScheduler(beta_schedule=…, beta_start=1e-4, beta_end=0.02).alphas_cumprod[[0, 500, 999]]}. */
    @ParameterizedTest
    @CsvSource({
        "LINEAR, 0.9999000, 0.0777967, 0.000040358",
        "SCALED_LINEAR, 0.9999000, 0.3312746, 0.000733412",
        "COSINE, 0.9999587, 0.4922850, 0.000000002"
    })
    void alphasCumprodAreThoseOfDiffusers(BetaSchedule schedule, double first, double middle, double last) {
        double[] alphasCumprod = schedule.alphasCumprod(1000, 1e-4, 0.02);

        assertThat(alphasCumprod[0]).isCloseTo(first, within(1e-6));
        assertThat(alphasCumprod[500]).isCloseTo(middle, within(1e-5));
        assertThat(alphasCumprod[999]).isCloseTo(last, within(1e-6));
    }
}
