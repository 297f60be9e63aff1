package io.ruido.bench.mixed;

import io.ruido.job.ModelCard;
import io.ruido.job.Priority;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Random jobs at random times, drawn from a seed: 10 to 50 steps, several samplers and sizes.
 *
 * @param arrivals the earliest first
 */
record MixedLoad(List<Arrival> arrivals) {
    static final int MIN_STEPS = 10;
    static final int MAX_STEPS = 50;

    private static final List<String> SAMPLERS =
            List.of("ddim", "euler", "euler-a", "dpm++-2m", "dpm++-2m-karras", "unipc", "heun");
    private static final List<String> THINGS = List.of("apple", "cat", "pizza", "tulip", "heart", "strawberry", "fox");
    private static final List<String> COLOURS = List.of("red", "blue", "green", "yellow", "purple");

    /** @param seconds time after the first arrival */
    record Arrival(double seconds, SamplingJob job) {
        boolean sameSize(Arrival other) {
            SamplingParams own = job.params();
            SamplingParams others = other.job.params();
            return own.width() == others.width() && own.height() == others.height();
        }
    }

    /** @param perSecond jobs on average, in a Poisson process; infinite when all come at once */
    static MixedLoad of(ModelCard card, int jobs, double perSecond, long seed) {
        Random random = new Random(seed);
        List<String> samplers = SAMPLERS.stream()
                .filter(id -> card.samplers().stream()
                        .anyMatch(sampler -> sampler.id().equals(id)))
                .toList();
        List<Integer> sizes = sizes(card);
        List<Arrival> arrivals = new ArrayList<>();
        double now = 0;
        for (int i = 0; i < jobs; i++) {
            int size = any(sizes, random);
            SamplingParams params = new SamplingParams(
                    card.name(),
                    size,
                    size,
                    random.nextInt(MIN_STEPS, MAX_STEPS + 1),
                    card.defaults().guidanceScale(),
                    any(samplers, random),
                    random.nextInt(Integer.MAX_VALUE));
            String prompt = "a %s %s, number %d".formatted(any(COLOURS, random), any(THINGS, random), i);
            SampleId id = new SampleId(new UUID(random.nextLong(), random.nextLong()), 0);
            arrivals.add(new Arrival(
                    now, new SamplingJob(id, prompt, "", null, params, Priority.INTERACTIVE, Instant.EPOCH)));
            now += -Math.log(1 - random.nextDouble()) / perSecond;
        }
        return new MixedLoad(List.copyOf(arrivals));
    }

    /** Returns half, three quarters and all of the model's own size, as far as the model supports them. */
    private static List<Integer> sizes(ModelCard card) {
        int own = card.defaults().width();
        return Stream.of(own / 2, 3 * own / 4, own)
                .map(size -> size / card.sizeMultiple() * card.sizeMultiple())
                .filter(size -> size >= card.minSize())
                .distinct()
                .toList();
    }

    private static <T> T any(List<T> of, Random random) {
        return of.get(random.nextInt(of.size()));
    }
}
