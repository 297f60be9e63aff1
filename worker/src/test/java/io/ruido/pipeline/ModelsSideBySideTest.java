package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Models share a process: neither other models nor other threads change a bit of what one computes. */
class ModelsSideBySideTest {
    private static final List<String> MODELS = List.of("stable-diffusion", "pixart-alpha");
    private static final int THREADS = 4;
    private static final int PICTURES = 2;

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void twoModelsOnFourThreadsGiveWhatEachGivesAlone()
            throws IOException, URISyntaxException, InterruptedException, ExecutionException {
        List<Sampling.Result> alone = new ArrayList<>();
        for (String model : MODELS) {
            try (DiffusionPipeline pipeline = read(model)) {
                alone.addAll(pictures(pipeline));
            }
        }

        try (DiffusionPipeline first = read(MODELS.getFirst());
                DiffusionPipeline second = read(MODELS.getLast());
                var threads = Executors.newFixedThreadPool(THREADS)) {
            var barrier = new CyclicBarrier(THREADS);
            List<Future<List<Sampling.Result>>> together = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                boolean reversed = thread % 2 == 1;
                together.add(threads.submit(() -> {
                    barrier.await();
                    List<Sampling.Result> later = reversed ? pictures(second) : List.of();
                    List<Sampling.Result> results = new ArrayList<>(pictures(first));
                    results.addAll(reversed ? later : pictures(second));
                    return results;
                }));
            }
            for (Future<List<Sampling.Result>> results : together) {
                assertSame(results.get(), alone);
            }
        }
    }

    private static List<Sampling.Result> pictures(DiffusionPipeline pipeline) {
        List<Sampling.Result> pictures = new ArrayList<>();
        for (int seed = 0; seed < PICTURES; seed++) {
            var request = new SampleRequest(
                    "a red apple",
                    "blue",
                    Seeds.of(seed),
                    4,
                    Optional.empty(),
                    3,
                    0.5,
                    Geometry.ofImage(16, 16),
                    0,
                    Optional.empty());
            pictures.add(new Sampling(pipeline).run(request, step -> {}));
        }
        return pictures;
    }

    private static void assertSame(List<Sampling.Result> actual, List<Sampling.Result> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).latents()).isEqualTo(expected.get(i).latents());
            assertThat(actual.get(i).frames().first().rgb())
                    .isEqualTo(expected.get(i).frames().first().rgb());
        }
    }

    private static DiffusionPipeline read(String model) throws IOException, URISyntaxException {
        Path folder = Path.of(ModelsSideBySideTest.class
                .getResource("/golden/pipelines/" + model)
                .toURI());
        return DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32);
    }
}
