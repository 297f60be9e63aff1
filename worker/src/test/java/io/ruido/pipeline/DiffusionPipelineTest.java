package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.adapter.Adapters;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.model.Conditioning;
import io.ruido.model.Golden;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentPreview;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.plan.Engine;
import io.ruido.tensor.Torch;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A whole model folder against what diffusers' pipeline computes with it. */
class DiffusionPipelineTest {
    private final NDManager manager = Torch.newManager();
    private Golden golden;
    private DiffusionPipeline pipeline;

    @BeforeEach
    void read() throws IOException {
        golden = Golden.of("pipeline", manager);
        pipeline = DiffusionPipeline.read(golden.folder(), Device.cpu(), DataType.FLOAT32);
    }

    @AfterEach
    void close() {
        pipeline.close();
        manager.close();
    }

    @Test
    void textsAreEncodedAsDiffusersDoesPaddedAndCutToTheTokenizersLength() {
        var prompts = List.of("A red apple!", "dogs, a green apple, a dog and a red, red dog");

        golden.assertClose("states", pipeline.promptEncoder().states(manager, prompts));
        golden.assertClose("negative", pipeline.promptEncoder().states(manager, List.of("", "dog")));
    }

    @Test
    void samplesAtDifferentTimestepsAndGuidanceSharePredictions() {
        NDArray guided = pipeline.predict(
                golden.get("latents"),
                golden.get("timesteps").toFloatArray(),
                golden.get("states"),
                golden.get("negative"),
                new float[] {3, 7.5f});

        golden.assertClose("guided", guided);
    }

    @Test
    void aSampleWithoutGuidanceIsPredictedBesideOneWithIt() {
        NDArray mixed = pipeline.predict(
                golden.get("latents"),
                golden.get("timesteps").toFloatArray(),
                golden.get("states"),
                golden.get("negative"),
                new float[] {1, 7.5f});

        assertClose(golden.get("cond").get("0"), mixed.get("0"));
        assertClose(golden.get("guided").get("1"), mixed.get("1"));
    }

    @Test
    void aSeedGivesTheLatentsAndPixelsThatItGivesInDiffusers() throws IOException {
        var scheduler = SchedulerConfig.read(golden.folder().resolve("scheduler/scheduler_config.json"));
        var trajectory = SamplerName.defaultFor(scheduler).sampler(scheduler).trajectory(5);
        Shape shape = pipeline.latentShape(Geometry.ofImage(16, 16));
        NDArray states = pipeline.promptEncoder().states(manager, List.of("A red apple!"));
        NDArray negative = pipeline.promptEncoder().states(manager, List.of(""));
        List<NDArray> finished = new ArrayList<>();
        for (long seed = 7; seed <= 8; seed++) {
            var sample = new SampleState(trajectory, new TorchRandom(seed), (int) shape.size());
            while (!sample.done()) {
                NDArray latents = manager.create(sample.input(), shape);
                float[] timestep = {sample.timestep()};
                sample.advance(pipeline.predict(latents, timestep, states, negative, new float[] {3})
                        .toFloatArray());
            }
            finished.add(manager.create(sample.latents(), shape));
        }
        NDArray latents = finished.get(0).concat(finished.get(1));

        golden.assertClose("ddim", latents);
        assertPixels(golden.get("ddim_rgb"), pictures(latents));
    }

    @Test
    void latentsAreDecodedToThePixelsOfDiffusers() {
        List<RgbImage> images = pictures(golden.get("latents"));

        assertThat(images).hasSize(2).allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(16);
            assertThat(image.height()).isEqualTo(16);
        });
        assertPixels(golden.get("rgb"), images);
    }

    /** What is moved around is predicted and decoded to the same moved around. */
    @ParameterizedTest
    @EnumSource
    void withoutSeamsNoPlaceIsABorder(Engine engine) throws IOException {
        try (var model = DiffusionPipeline.read(golden.folder(), Device.cpu(), DataType.FLOAT32, engine, List.of())) {
            NDArray latents = golden.get("latents");
            NDArray moved = moved(latents, 4);

            assertThat(model.canTile()).isTrue();
            assertClose(moved(predicted(model, latents, true), 4), predicted(model, moved, true));
            assertThat(predicted(model, latents, true)).isNotEqualTo(predicted(model, latents, false));
            NDArray picture = pixels(model.decode(latents, true).getFirst().first());
            NDArray other = pixels(model.decode(moved, true).getFirst().first());
            assertThat(moved(picture, 8).sub(other).abs().max().getFloat()).isLessThan(0.01f); // rounding
            assertThat(encoded(model, picture, true)).isNotEqualTo(encoded(model, picture, false));
        }
    }

    private NDArray predicted(DiffusionPipeline model, NDArray latents, boolean seamless) {
        Conditioning text = Conditioning.ofStates(golden.get("states"));
        float[] ones = {1, 1};
        return model.predict(
                latents,
                golden.get("timesteps").toFloatArray(),
                List.of(new Guide(text, ones)),
                Conditioning.ofStates(golden.get("negative")),
                new float[] {3, 7.5f},
                List.of(List.of(), List.of()),
                seamless);
    }

    private static float[] encoded(DiffusionPipeline model, NDArray picture, boolean seamless) {
        return Adapters.during(seamless, () -> model.codec().encode(picture, new TorchRandom(1)));
    }

    /** Moves maps (B, C, H, W) to the right and down. */
    private static NDArray moved(NDArray maps, int by) {
        NDArray right = maps.get(":, :, :, -" + by + ":").concat(maps.get(":, :, :, :-" + by), 3);
        return right.get(":, :, -" + by + ":").concat(right.get(":, :, :-" + by), 2);
    }

    private NDArray pixels(RgbImage image) {
        float[] values = new float[image.rgb().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (image.rgb()[i] & 0xff) / 127.5f - 1;
        }
        return manager.create(values, new Shape(1, image.height(), image.width(), 3))
                .transpose(0, 3, 1, 2);
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT16", "BFLOAT16"})
    void halfPrecisionGivesAboutTheSame(DataType type) throws IOException {
        try (var half = DiffusionPipeline.read(golden.folder(), Device.cpu(), type)) {
            NDArray states = half.promptEncoder().states(manager, List.of("A red apple!"));
            NDArray expected = golden.get("cond").get("0:1");

            NDArray out =
                    half.predict(golden.get("latents").get("0:1"), new float[] {700}, states, states, new float[] {1});

            assertThat(out.getDataType()).isEqualTo(DataType.FLOAT32);
            assertThat(out.sub(expected).abs().mean().getFloat())
                    .isLessThan(0.05f * expected.abs().mean().getFloat());
            assertThat(half.decode(golden.get("latents"))).hasSize(2);
        }
    }

    @Test
    void aPreviewHasOnePixelForEachOfTheLatents() throws IOException {
        NDArray latents = golden.get("latents").get("0:1");

        Artifact preview = pipeline.preview(latents.toFloatArray(), latents.getShape());

        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(preview.bytes()));
        assertThat(preview.mediaType()).isEqualTo("image/png");
        assertThat(List.of(picture.getWidth(), picture.getHeight())).containsExactly(8, 8);
    }

    @Test
    void aPreviewOfPixelsIsThePicture() {
        float[] red = {1, -1};
        float[] green = {0, -1};
        float[] blue = {-3, 1};
        float[] pixels = FloatBuffer.allocate(6).put(red).put(green).put(blue).array();

        assertThat(LatentPreview.ofPixels(3)
                        .frames(pixels, new Shape(1, 3, 1, 2))
                        .first()
                        .rgb())
                .containsExactly((byte) 255, (byte) 128, (byte) 0, (byte) 0, (byte) 0, (byte) 255);
        assertThat(LatentPreview.ofPixels(1)
                        .frames(red, new Shape(1, 1, 2, 1))
                        .first()
                        .rgb())
                .containsExactly((byte) 255, (byte) 255, (byte) 255, (byte) 0, (byte) 0, (byte) 0);
    }

    @Test
    void sizesThatTheModelCannotMakeAreRefused() {
        assertThat(pipeline.latentShape(Geometry.ofImage(22, 16))).isEqualTo(new Shape(1, 4, 8, 11));
        assertThat(pipeline.defaultGeometry()).isEqualTo(Geometry.ofImage(16, 16));
        assertThatThrownBy(() -> pipeline.latentShape(Geometry.ofImage(16, 17)))
                .hasMessage("height must be a multiple of 2, was 17");
    }

    @Test
    void aModelOfAnotherKindIsRefusedByName(@TempDir Path folder) throws IOException {
        String index = Files.readString(golden.folder().resolve("model_index.json"));
        Files.writeString(folder.resolve("model_index.json"), index.replace("BertModel", "T5EncoderModel"));

        assertThatThrownBy(() -> DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("text_encoder is T5EncoderModel; supported: BertModel, CLIPTextModel");
    }

    private List<RgbImage> pictures(NDArray latents) {
        return pipeline.decode(latents).stream().map(Frames::first).toList();
    }

    private static void assertPixels(NDArray expected, List<RgbImage> images) {
        for (int i = 0; i < images.size(); i++) {
            float[] pixels = expected.get(i).toFloatArray();
            byte[] rgb = images.get(i).rgb();
            for (int p = 0; p < pixels.length; p++) {
                assertThat(Math.abs((rgb[p] & 255) - pixels[p])).isLessThanOrEqualTo(1); // rounding
            }
        }
    }

    private static void assertClose(NDArray expected, NDArray actual) {
        float scale = expected.abs().max().getFloat();
        assertThat(actual.sub(expected).abs().max().getFloat() / scale).isLessThan(1e-4f);
    }
}
