package io.ruido.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.nn.Torch;
import io.ruido.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A step's tensors, of a quarter of a megabyte and more each, are gone after it. */
class NativeMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final int STEPS = 60;
    private static final long ALLOWED_KIB = 12 * 1024;

    private final NDManager manager = Torch.newManager();
    private Weights weights;
    private AutoencoderKL vae;

    @BeforeEach
    void build() throws IOException {
        assumeTrue(Files.exists(STATUS), "the process's size is read from /proc");
        weights = Weights.fresh(manager, 1);
        vae = new AutoencoderKL(
                AutoencoderKLConfig.of(
                        new ObjectMapper().readTree("{\"block_out_channels\": [16, 16], \"norm_num_groups\": 4}")),
                weights);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void memoryStaysFlatOverManyPredictions() throws IOException {
        assertFlat(() -> {
            try (NDManager step = manager.newSubManager()) {
                vae.decode(step.randomNormal(new Shape(1, 4, 32, 32)));
            }
        });
    }

    @Test
    void memoryStaysFlatOverManyTrainingSteps() throws IOException {
        weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));
        assertFlat(() -> {
            try (NDManager step = manager.newSubManager();
                    GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
                NDArray loss = vae.decode(step.randomNormal(new Shape(1, 4, 32, 32)))
                        .square()
                        .mean();
                collector.backward(loss);
            }
        });
    }

    private static void assertFlat(Runnable step) throws IOException {
        repeat(step, STEPS / 3);
        long before = residentKib();
        repeat(step, STEPS);
        assertThat(residentKib() - before).as("growth in KiB").isLessThan(ALLOWED_KIB);
    }

    private static void repeat(Runnable step, int times) {
        for (int i = 0; i < times; i++) {
            step.run();
        }
    }

    private static long residentKib() throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
