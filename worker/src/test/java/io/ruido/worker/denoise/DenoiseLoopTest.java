package io.ruido.worker.denoise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.config.RuidoConfig;
import io.ruido.job.SamplingParams;
import io.ruido.tensor.Torch;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class DenoiseLoopTest {
    /** The model is narrower than a processor's vectors, whose remainders are computed in another way. */
    private static final Offset<Float> ROUNDING = within(0.01f);

    private static final String MODEL = "pipeline";

    private static Models models;
    private static Model model;

    private final ConcurrentLinkedQueue<Integer> batches = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void read() throws IOException {
        Map<String, String> settings = Map.of(
                "ruido.worker.models",
                Path.of("src/test/resources/golden").toAbsolutePath().toString(),
                "ruido.worker.threads",
                "2");
        models = Models.read(
                RuidoConfig.load(settings, Map.of(), Optional.empty()).worker());
        model = models.get(MODEL);
    }

    @AfterAll
    static void close() {
        models.close();
    }

    @Test
    void samplesOfAllSortsShareCallsAndGetTheLatentsThatTheyGetAlone() throws Exception {
        List<Sample> alone = samples();
        for (Sample sample : alone) {
            try (DenoiseLoop loop = loop(DenoiseLoop::predict)) {
                loop.add(sample);
                sample.end().get(60, TimeUnit.SECONDS);
            }
        }
        List<Sample> together = samples();
        run(together);

        for (int i = 0; i < together.size(); i++) {
            assertThat(latents(together.get(i))).containsExactly(latents(alone.get(i)), ROUNDING);
        }
        assertThat(batches).anyMatch(size -> size > 1); // how many share one depends on how busy the machine is
    }

    @Test
    void kindsAreCalledSideBySideAndEachOneBatchAtATime() throws Exception {
        CountDownLatch bothKinds = new CountDownLatch(2);
        Set<BatchKey> called = ConcurrentHashMap.newKeySet();
        List<Sample> samples = samples();
        try (DenoiseLoop loop = loop(batch -> {
            BatchKey kind = batch.getFirst().batchKey();
            assertThat(called.add(kind)).isTrue();
            bothKinds.countDown();
            assertThat(await(bothKinds)).isTrue();
            float[][] outputs = predict(batch);
            called.remove(kind);
            return outputs;
        })) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                assertThat(latents(sample)).isNotEmpty();
            }
        }
    }

    @Test
    void aCallThatDoesNotFitIntoMemoryBesideAnotherIsMadeAloneAndSoAreAllAfterIt() throws Exception {
        CountDownLatch bothKinds = new CountDownLatch(2);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        List<Sample> samples = samples();
        try (DenoiseLoop loop = loop(batch -> {
            bothKinds.countDown();
            try {
                if (running.incrementAndGet() > 1) {
                    refused.incrementAndGet();
                    return outOfMemory();
                }
                assertThat(await(bothKinds)).isTrue();
                return predict(batch);
            } finally {
                running.decrementAndGet();
            }
        })) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                assertThat(latents(sample)).isNotEmpty();
            }
        }
        assertThat(refused.get()).isBetween(1, 2); // each thread at most once
    }

    @Test
    void twoCallsThatDoNotFitIntoMemoryAtTheSameTimeAreBothMadeAgain() throws Exception {
        CountDownLatch bothKinds = new CountDownLatch(2);
        AtomicInteger calls = new AtomicInteger();
        List<Sample> samples = samples();
        try (DenoiseLoop loop = loop(batch -> {
            if (calls.incrementAndGet() > 2) {
                return predict(batch);
            }
            bothKinds.countDown();
            assertThat(await(bothKinds)).isTrue();
            return outOfMemory();
        })) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                assertThat(latents(sample)).isNotEmpty();
            }
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aBatchThatDoesNotFitIntoMemoryIsSplit() throws Exception {
        List<Sample> samples = samples();
        try (DenoiseLoop loop = loop(batch -> batch.size() > 1 ? outOfMemory() : predict(batch))) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                assertThat(latents(sample)).isNotEmpty();
            }
        }
    }

    @Test
    void noMoreAreActiveThanHaveAPlaceAndTheOthersFollowThem() throws Exception {
        ConcurrentLinkedQueue<Integer> active = new ConcurrentLinkedQueue<>();
        AtomicReference<DenoiseLoop> running = new AtomicReference<>();
        List<Sample> samples = samples();
        Function<List<Sample>, float[][]> denoiser = batch -> {
            active.add(running.get().active());
            return predict(batch);
        };
        try (DenoiseLoop loop = new DenoiseLoop(denoiser, DenoiseLoop.Listener.NONE, 3, 1)) {
            running.set(loop);
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                assertThat(latents(sample)).isNotEmpty();
            }
        }
        assertThat(active).contains(3).allMatch(places -> places <= 3);
        assertThat(running.get().active()).isZero();
    }

    @Test
    void aSampleThatFailsDoesNotFailThoseInItsBatch() throws Exception {
        List<Sample> samples = samples();
        Sample bad = samples.get(2);
        try (DenoiseLoop loop = loop(batch -> {
            if (batch.contains(bad)) {
                throw new IllegalStateException("bad");
            }
            return predict(batch);
        })) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                if (sample != bad) {
                    assertThat(latents(sample)).isNotEmpty();
                }
            }
            assertThatThrownBy(() -> latents(bad)).hasRootCauseMessage("bad");
        }
    }

    private void run(List<Sample> samples) throws Exception {
        try (DenoiseLoop loop = loop(this::predict)) {
            samples.forEach(loop::add);
            for (Sample sample : samples) {
                sample.end().get(60, TimeUnit.SECONDS);
            }
        }
    }

    private static DenoiseLoop loop(Function<List<Sample>, float[][]> denoiser) {
        return new DenoiseLoop(denoiser, DenoiseLoop.Listener.NONE, Integer.MAX_VALUE, 2);
    }

    private float[][] predict(List<Sample> batch) {
        batches.add(batch.size());
        return DenoiseLoop.predict(batch);
    }

    @Test
    void aSampleThatNoLoopHasReleasesItsAdditionsWhenItIsClosed() {
        AtomicInteger released = new AtomicInteger();
        Sample sample = sample(released::incrementAndGet);

        sample.close();
        sample.close();

        assertThat(released).hasValue(1);
    }

    @Test
    void aSampleThatIsInABatchReleasesItsAdditionsAfterIt() throws Exception {
        AtomicInteger released = new AtomicInteger();
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        AtomicInteger releasedDuringTheCall = new AtomicInteger();
        Sample sample = sample(released::incrementAndGet);
        try (DenoiseLoop loop = loop(batch -> {
            called.countDown();
            await(closed);
            releasedDuringTheCall.set(released.get());
            return DenoiseLoop.predict(batch);
        })) {
            loop.add(sample);
            assertThat(called.await(60, TimeUnit.SECONDS)).isTrue();
            sample.close();
            closed.countDown();

            assertThat(sample.end().get(60, TimeUnit.SECONDS)).isInstanceOf(Sample.End.Stopped.class);
        }
        assertThat(releasedDuringTheCall).hasValue(0);
        assertThat(released).hasValue(1);
    }

    private static Sample sample(Runnable release) {
        var params = new SamplingParams(MODEL, 32, 32, 20, 1, "ddim", 1);
        return new Sample(
                model, params, model.encode("text", ""), model.start(params, Optional.empty()), List.of(), release);
    }

    /** As torch itself says it. */
    private static float[][] outOfMemory() {
        try (NDManager manager = Torch.newManager()) {
            return new float[][] {manager.zeros(new Shape(1L << 50)).toFloatArray()};
        }
    }

    private static float[] latents(Sample sample) throws Exception {
        return ((Sample.End.Denoised) sample.end().get(60, TimeUnit.SECONDS)).latents();
    }

    /** Of two sizes, and of many samplers, step counts, guidances, seeds and texts. */
    private static List<Sample> samples() {
        List<String> samplers = List.of("ddim", "euler", "dpm++-2m", "euler-a", "heun", "unipc");
        return IntStream.range(0, 8)
                .mapToObj(i -> {
                    int size = i == 3 || i == 6 ? 48 : 32;
                    String sampler = samplers.get(i % samplers.size());
                    double guidance = i % 3 == 0 ? 1 : 1 + i;
                    var params = new SamplingParams(MODEL, size, size, 20 + 5 * i, guidance, sampler, i);
                    return new Sample(
                            model, params, model.encode("text " + i, ""), model.start(params, Optional.empty()));
                })
                .toList();
    }
}
