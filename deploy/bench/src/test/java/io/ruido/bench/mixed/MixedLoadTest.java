package io.ruido.bench.mixed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import java.util.List;
import org.junit.jupiter.api.Test;

class MixedLoadTest {
    private static final ModelCard CARD = new ModelCard(
            "apples",
            "apples",
            "",
            "MIT",
            64,
            256,
            32,
            new SamplingParams("apples", 128, 128, 20, 3, "ddim", 0),
            List.of(new ModelCard.Sampler("ddim", "DDIM"), new ModelCard.Sampler("heun", "Heun")));

    @Test
    void aSeedGivesTheSameJobsAtTheSameTimes() {
        assertThat(MixedLoad.of(CARD, 50, 2, 7)).isEqualTo(MixedLoad.of(CARD, 50, 2, 7));
        assertThat(MixedLoad.of(CARD, 50, 2, 7)).isNotEqualTo(MixedLoad.of(CARD, 50, 2, 8));
    }

    @Test
    void jobsComeAtTheRateThatIsAskedForOrAllAtOnce() {
        List<MixedLoad.Arrival> arrivals = MixedLoad.of(CARD, 10_000, 4, 1).arrivals();

        assertThat(arrivals).extracting(MixedLoad.Arrival::seconds).isSorted().startsWith(0.0);
        assertThat(arrivals.getLast().seconds()).isCloseTo(10_000 / 4.0, within(100.0));
        assertThat(MixedLoad.of(CARD, 50, Double.POSITIVE_INFINITY, 1).arrivals())
                .extracting(MixedLoad.Arrival::seconds)
                .containsOnly(0.0);
    }

    @Test
    void jobsAreOfAllSortsThatTheModelCanDo() {
        List<SamplingParams> jobs = MixedLoad.of(CARD, 500, 1, 1).arrivals().stream()
                .map(arrival -> arrival.job().params())
                .toList();

        assertThat(jobs).allSatisfy(CARD::checkSupports);
        assertThat(jobs).extracting(SamplingParams::sampler).contains("ddim", "heun");
        assertThat(jobs).extracting(SamplingParams::width).contains(64, 96, 128);
        assertThat(jobs)
                .extracting(SamplingParams::steps)
                .contains(10, 50)
                .allMatch(steps -> steps >= 10 && steps <= 50);
    }
}
