package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.autoencoder.AutoencoderKLConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A step's tensors are gone after it. */
class NativeMemoryTest {
    private static final int FIRST = 10;

    /** The JVM's compilers take up to 11 MiB, and keep them for some seconds. */
    private static final long MOST = 16 << 20;

    @BeforeEach
    void needMallinfo() {
        assumeTrue(AllocatedMemory.isKnown(), "the C library tells what is allocated: glibc from 2.33 on");
    }

    /** Of the step's feature maps the smallest have 32 KiB: one of them kept in each step would make 31 MiB. */
    @ParameterizedTest
    @EnumSource
    void memoryAfterAThousandStepsIsThatAfterTen(io.ruido.plan.Engine engine) throws IOException, URISyntaxException {
        Path folder = Path.of(getClass().getResource("/golden/pipelines/ddpm").toURI());
        var request = new SampleRequest(
                "", "", Seeds.of(1), 1000, Optional.empty(), 1, 0, Geometry.ofImage(64, 64), 0, Optional.empty());
        Watch watch = new Watch(request.steps(), 100);

        try (DiffusionPipeline pipeline =
                DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32, engine, List.of())) {
            new Sampling(pipeline).run(request, watch::after);
        }

        assertThat(watch.growth()).as("growth in bytes").isLessThan(MOST);
    }

    /** Here a kept feature map has at least 256 KiB: 100 of them would be 25 MiB. */
    @Test
    void memoryAfterManyTrainingStepsIsThatAfterTen() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            Weights weights = Weights.fresh(manager, 1);
            var vae = new AutoencoderKL(
                    AutoencoderKLConfig.of(
                            new ObjectMapper().readTree("{\"block_out_channels\": [16, 16], \"norm_num_groups\": 4}")),
                    weights);
            weights.tensors().values().forEach(weight -> weight.setRequiresGradient(true));
            Watch watch = new Watch(FIRST + 100, 10);
            for (int step = 1; step <= FIRST + 100; step++) {
                train(manager, vae);
                watch.after(step);
            }

            assertThat(watch.growth()).as("growth in bytes").isLessThan(MOST);
        }
    }

    private static void train(NDManager manager, AutoencoderKL vae) {
        try (NDManager step = manager.newSubManager();
                GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray loss = vae.decode(step.randomNormal(new Shape(1, 4, 64, 64)))
                    .square()
                    .mean();
            collector.backward(loss);
        }
    }

    private static final class Watch {
        private final long[] allocated;
        private final int some;

        Watch(int steps, int some) {
            this.allocated = new long[steps + 1];
            this.some = some;
        }

        /** What tensors were made of lies in direct buffers, which go with the heap's garbage and not with the tensors. */
        void after(int step) {
            if (step == FIRST || step == allocated.length - some) {
                System.gc();
            }
            allocated[step] = AllocatedMemory.bytes();
        }

        /** From the first steps to the last: of some of them the least. */
        long growth() {
            return least(allocated.length - some) - least(FIRST);
        }

        private long least(int from) {
            return Arrays.stream(allocated, from, from + some).min().orElseThrow();
        }
    }
}
