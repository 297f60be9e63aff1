package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.plan.Engine;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What happens to an image that one worker begins and another one finishes, whose engine differs. */
class EngineSwitchTest {
    private static final int STEPS = 10;
    private static final String TEXT = "a red apple";

    /** The picture is the same to the eye: no pixel of any colour is off by more than this, of 255. */
    private static final int INVISIBLE = 1;

    @Test
    void anImageBegunByOneEngineIsFinishedByTheOther() throws IOException, URISyntaxException {
        Path folder = Path.of(getClass().getResource("/golden/pipeline").toURI());
        try (var eager = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32, Engine.EAGER, List.of());
                var plan = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32, Engine.PLAN, List.of())) {
            byte[] expected = pixels(eager, run(eager, begin(eager), STEPS));

            byte[] eagerThenPlan = pixels(plan, run(plan, run(eager, begin(eager), STEPS / 2), STEPS));
            byte[] planThenEager = pixels(eager, run(eager, run(plan, begin(plan), STEPS / 2), STEPS));
            byte[] planAgain = pixels(plan, run(plan, run(plan, begin(plan), STEPS / 2), STEPS));

            assertThat(difference(eagerThenPlan, expected)).isLessThanOrEqualTo(INVISIBLE);
            assertThat(difference(planThenEager, expected)).isLessThanOrEqualTo(INVISIBLE);
            assertThat(planAgain).isEqualTo(pixels(plan, run(plan, begin(plan), STEPS)));
        }
    }

    private static Trajectory trajectory(DiffusionPipeline pipeline) {
        return pipeline.trajectory(Optional.empty(), Optional.empty(), io.ruido.job.Churn.NONE, STEPS, 1);
    }

    private static byte[] begin(DiffusionPipeline pipeline) {
        int size =
                Math.toIntExact(pipeline.latentShape(pipeline.defaultGeometry()).size());
        return new SampleState(trajectory(pipeline), new TorchRandom(7), size).save();
    }

    /** Goes on from a saved state until so many steps are made, and saves it again. */
    private static byte[] run(DiffusionPipeline pipeline, byte[] saved, int until) {
        SampleState state = SampleState.restore(trajectory(pipeline), saved);
        Shape shape = pipeline.latentShape(pipeline.defaultGeometry());
        try (NDManager manager = pipeline.newManager()) {
            Conditioning wanted = pipeline.promptEncoder().encode(manager, List.of(TEXT));
            Conditioning unwanted = pipeline.promptEncoder().encodeNegative(manager, List.of(""));
            while (state.step() < until) {
                NDArray latents = manager.create(state.input(), shape);
                float[] timestep = {state.timestep()};
                state.advance(pipeline.predict(latents, timestep, wanted, unwanted, new float[] {5}, new float[1])
                        .toFloatArray());
            }
        }
        return state.save();
    }

    private static byte[] pixels(DiffusionPipeline pipeline, byte[] saved) {
        float[] latents = SampleState.restore(trajectory(pipeline), saved).latents();
        try (NDManager manager = pipeline.newManager()) {
            RgbImage image = pipeline.decode(manager.create(latents, pipeline.latentShape(pipeline.defaultGeometry())))
                    .getFirst()
                    .first();
            return image.rgb();
        }
    }

    private static int difference(byte[] found, byte[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        int most = 0;
        for (int i = 0; i < found.length; i++) {
            most = Math.max(most, Math.abs((found[i] & 0xff) - (expected[i] & 0xff)));
        }
        return most;
    }
}
