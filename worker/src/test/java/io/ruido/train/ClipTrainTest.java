package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.job.Geometry;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import io.ruido.train.data.Clips;
import io.ruido.train.data.ImageFolder;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipTrainTest {
    private static final int SIZE = 16;
    private static final int FRAMES = 6;

    @TempDir
    Path folder;

    @BeforeEach
    void writeData() throws Exception {
        writeClips(folder.resolve("clips"), 5, FRAMES);
        writeClips(folder.resolve("pictures"), 3, 1);
        TrainTest.writeTextEncoder(folder.resolve("text"));
    }

    @Test
    void aRecipeBecomesAModelOfClipsThatTheWorkerServes() throws IOException {
        Train.run(recipe("train", "run"), false, Optional.empty(), new AtomicBoolean());

        Path run = folder.resolve("run");
        BufferedImage samples =
                ImageIO.read(run.resolve("denoiser/samples/00000004.png").toFile());
        assertThat(samples.getWidth()).isEqualTo(9 * SIZE);
        assertThat(samples.getHeight()).isEqualTo(2 * SIZE);
        try (var pipeline = DiffusionPipeline.read(run.resolve("export/squares"), Device.cpu(), DataType.FLOAT32)) {
            var request = new SampleRequest(
                    "a red apple",
                    "",
                    io.ruido.job.Seeds.of(1),
                    2,
                    Optional.empty(),
                    2,
                    0,
                    new Geometry(SIZE, 2 * SIZE, 5),
                    0,
                    Optional.empty());
            var frames = new Sampling(pipeline).run(request, _ -> {}).frames();
            assertThat(frames.images()).hasSize(5);
            assertThat(frames.first().height()).isEqualTo(2 * SIZE);
        }
    }

    @Test
    void aRunThatIsStoppedAfterEveryStepEndsWithTheSameWeights() throws IOException {
        Train.run(recipe("train", "run"), false, Optional.empty(), new AtomicBoolean());
        Path stopped = recipe("stopped", "stopped");

        for (int i = 0; i < 8; i++) {
            Train.run(stopped, true, Optional.empty(), new AtomicBoolean(true));
        }

        for (String stage : List.of("autoencoder", "denoiser")) {
            for (String part : List.of("weights", "averages", "exp_avg", "exp_avg_sq")) {
                String file = "%s/checkpoint-00000004/%s.safetensors".formatted(stage, part);
                assertThat(folder.resolve("stopped").resolve(file))
                        .hasSameBinaryContentAs(folder.resolve("run").resolve(file));
            }
        }
    }

    @Test
    void latentsOfAnExportedAutoencoderAreStandardOnceNormalized() throws IOException {
        Train.run(recipe("train", "run"), false, Optional.empty(), new AtomicBoolean());

        Path vae = folder.resolve("run/export/squares/vae");
        try (NDManager manager = Torch.newManager()) {
            AutoencoderKLWan model = AutoencoderKLWan.NETWORK.read(vae, Weights.read(vae, manager, DataType.FLOAT32));
            List<ImageFolder.Image> clips =
                    ImageFolder.training(ImageFolder.readClips(folder.resolve("clips"), SIZE), 1);
            float[] levels = new float[clips.size() * 3 * 9 * SIZE * SIZE];
            for (int i = 0; i < clips.size(); i++) {
                var whole = new Clips.Part(0, 9, 0, 0, SIZE, false);
                Clips.copy(clips.get(i), SIZE, whole, levels, i * levels.length / clips.size());
            }
            NDArray x = manager.create(levels, new Shape(clips.size(), 3, 9, SIZE, SIZE));
            NDArray z = model.normalized(model.encode(x).mean()); // (B, 2, 3, 2, 2)
            for (int channel = 0; channel < 2; channel++) {
                NDArray values = z.get(":, " + channel);
                assertThat(values.mean().getFloat()).isBetween(-0.03f, 0.03f);
                assertThat(values.square().mean().getFloat()).isBetween(0.95f, 1.05f);
            }
        }
    }

    @Test
    void anAutoencoderThatIsNotTrainedNeedsAModelToBeginWith() throws IOException {
        Path recipe = recipe("train", "run");
        Files.writeString(recipe, Files.readString(recipe).replace("learns: all", "learns: nothing"));

        assertThatThrownBy(() -> Train.run(recipe, false, Optional.empty(), new AtomicBoolean()))
                .hasMessageContaining("clips.autoencoder.learns must be all")
                .hasMessageContaining("nothing");
    }

    private Path recipe(String name, String output) throws IOException {
        return Files.writeString(
                folder.resolve(name + ".yaml"),
                RECIPE.replace("FOLDER", folder.toString())
                        .replace("OUTPUT", output)
                        .replace("OPTIMIZATION", OPTIMIZATION));
    }

    /** Squares that move to the right. */
    private static void writeClips(Path folder, int count, int frames) throws IOException {
        Files.createDirectories(folder);
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            var strip = new BufferedImage(frames * SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = strip.createGraphics();
            for (int frame = 0; frame < frames; frame++) {
                graphics.setColor(Color.getHSBColor(i / 5f, 1, 1));
                graphics.fillRect(frame * SIZE + frame, 2 + i, 6, 6);
            }
            graphics.dispose();
            ImageIO.write(strip, "png", folder.resolve(i + ".png").toFile());
            rows.add("{\"file_name\": \"%d.png\", \"text\": \"square %d\", \"frames\": %d}".formatted(i, i, frames));
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows);
    }

    private static final String OPTIMIZATION = "{steps: 4, batch: 2, learningRate: 1.0e-3, warmup: 1, decay: 1, "
            + "beta1: 0.9, beta2: 0.99, weightDecay: 0, clip: 1, ema: 0.9, checkpointEvery: 4, evaluateEvery: 4}";

    private static final String RECIPE = """
            name: squares
            data: FOLDER/clips
            output: FOLDER/OUTPUT
            size: 16
            sizes: [24]
            seed: 1
            clips:
              pictures: FOLDER/pictures
              autoencoder:
                learns: all
                heldOut: 1
                crop: 16
                frames: 9
                stills: 0.3
                flip: true
                squaredLoss: 1
                gradientLoss: 0.5
                kl: 1.0e-3
                optimization: OPTIMIZATION
                model:
                  base_dim: 4
                  z_dim: 2
                  dim_mult: [1, 2, 2]
                  num_res_blocks: 1
                  temperal_downsample: [true, true]
                  in_channels: 12
                  out_channels: 12
                  patch_size: 2
                  scale_factor_spatial: 8
              denoiser:
                textEncoder: FOLDER/text
                tokens: 6
                captions: {each: 3, dropout: 0.1, tokenDropout: 0.5, pooledNoise: 1}
                firstFrames: 0.5
                geometries: [{size: 16, frames: 9}, {size: 16, frames: 1}, {size: 32, frames: 5}]
                scheduler: {_class_name: UniPCMultistepScheduler, prediction_type: flow_prediction, use_flow_sigmas: true}
                sampling: {prompts: [red apple, dog], steps: 2, guidance: 2}
                optimization: OPTIMIZATION
                model:
                  num_attention_heads: 2
                  attention_head_dim: 12
                  in_channels: 2
                  out_channels: 2
                  text_dim: 8
                  freq_dim: 8
                  ffn_dim: 16
                  num_layers: 2
            """;
}
