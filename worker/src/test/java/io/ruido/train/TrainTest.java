package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Seeds;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {
    @TempDir
    Path folder;

    @Test
    void aRecipeBecomesAModelThatTheWorkerServes() throws Exception {
        writeImages(folder.resolve("pictures"));
        writeTextEncoder(folder.resolve("text"));
        Path recipe = folder.resolve("train.yaml");
        Files.writeString(recipe, RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));

        Train.run(recipe, false, Optional.empty(), new AtomicBoolean());

        Path run = folder.resolve("run");
        assertThat(run.resolve("autoencoder/metrics.csv")).isNotEmptyFile();
        assertThat(run.resolve("denoiser/loss.png")).isNotEmptyFile();
        BufferedImage samples =
                ImageIO.read(run.resolve("denoiser/samples/00000004.png").toFile());
        assertThat(samples.getHeight()).isEqualTo(Samples.SIZE);
        try (var pipeline = DiffusionPipeline.read(run.resolve("export/squares"), Device.cpu(), DataType.FLOAT32);
                NDManager scratch = pipeline.newManager()) {
            Shape shape = pipeline.latentShape(Geometry.ofImage(Samples.SIZE, Samples.SIZE));
            NDArray latents = scratch.create(Seeds.normal(Seeds.of(1, 0), (int) shape.size()), shape);
            NDArray context = pipeline.promptEncoder().states(scratch, List.of("a red apple"));
            NDArray output = pipeline.predict(latents, new float[] {999}, context, context, new float[] {1});
            assertThat(output.getShape()).isEqualTo(new Shape(1, 3, 8, 8));
            assertThat(pipeline.decode(output)).hasSize(1);
        }
    }

    @Test
    void aModelIsTrainedFurtherWithItsAutoencoderAsItIs() throws Exception {
        String text = RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION);
        Path first = trained(text);

        Path frozen = folder.resolve("frozen.yaml");
        Files.writeString(
                frozen,
                text.replace("/run", "/frozen")
                        .replace("learns: all", "learns: nothing")
                        .replace("learningRate: 1.0e-3", "learningRate: 1.0e-12"));
        Train.run(frozen, false, Optional.of(first), new AtomicBoolean());

        Path further = folder.resolve("frozen/export/squares");
        assertThat(further.resolve("vae").resolve(DiffusersFolder.WEIGHTS))
                .hasSameBinaryContentAs(first.resolve("vae").resolve(DiffusersFolder.WEIGHTS));
        assertThat(tensor(further, "unet", "conv_in.weight"))
                .containsExactly(tensor(first, "unet", "conv_in.weight"), within(1e-6f));
        assertThat(folder.resolve("frozen/denoiser/metrics.csv")).isNotEmptyFile();
        assertThat(folder.resolve("frozen/autoencoder")).doesNotExist();
    }

    @Test
    void aDecoderIsTrainedFurtherWhileTheLatentsStayWhatTheyAre() throws Exception {
        String text = RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION);
        Path first = trained(text);

        Path further = folder.resolve("further.yaml");
        Files.writeString(further, text.replace("/run", "/further").replace("learns: all", "learns: decoder"));
        Train.run(further, false, Optional.of(first), new AtomicBoolean());

        Path second = folder.resolve("further/export/squares");
        for (String name : List.of("encoder.conv_out.weight", "quant_conv.weight", "quant_conv.bias")) {
            assertThat(tensor(second, "vae", name)).isEqualTo(tensor(first, "vae", name));
        }
        assertThat(tensor(second, "vae", "decoder.conv_out.weight"))
                .isNotEqualTo(tensor(first, "vae", "decoder.conv_out.weight"));
    }

    @Test
    void aRecipeForAPartOfAnAutoencoderNeedsAModelToBeginWith() throws Exception {
        Path recipe = folder.resolve("train.yaml");
        Files.writeString(
                recipe,
                RECIPE.replace("FOLDER", folder.toString())
                        .replace("OPTIMIZATION", OPTIMIZATION)
                        .replace("learns: all", "learns: decoder"));

        assertThatThrownBy(() -> Train.run(recipe, false, Optional.empty(), new AtomicBoolean()))
                .hasMessageContaining("autoencoder.learns")
                .hasMessageContaining("decoder")
                .hasMessageContaining("--from");
    }

    @Test
    void aRecipeMayTrainOnSeveralSizesInBfloat16() throws Exception {
        writeImages(folder.resolve("pictures"));
        writeTextEncoder(folder.resolve("text"));
        Path recipe = folder.resolve("train.yaml");
        Files.writeString(
                recipe,
                RECIPE.replace("FOLDER", folder.toString())
                        .replace("OPTIMIZATION", OPTIMIZATION)
                        .replace("seed: 1", "seed: 1\nsizes: [24]")
                        .replace("kl: 1.0e-3", "kl: 1.0e-3\n  precision: bfloat16")
                        .replace("precision: float32", "precision: bfloat16"));

        Train.run(recipe, false, Optional.empty(), new AtomicBoolean());

        String metrics = Files.readString(folder.resolve("run/denoiser/metrics.csv"));
        double loss = Double.parseDouble(metrics.lines().toList().getLast().split(",")[2]);
        assertThat(loss).isBetween(0.1, 10.0);
        assertThat(folder.resolve("run/precomputed").toFile().list((_, name) -> name.startsWith("latents")))
                .hasSize(2);
    }

    @Test
    void aRecipeOfPixelsBecomesAModelWithoutText() throws Exception {
        writeImages(folder.resolve("pictures"));
        Path recipe = folder.resolve("train.yaml");
        Files.writeString(recipe, PIXELS.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));

        Train.run(recipe, false, Optional.empty(), new AtomicBoolean());

        Path run = folder.resolve("run");
        BufferedImage samples =
                ImageIO.read(run.resolve("pixels/samples/00000004.png").toFile());
        assertThat(samples.getHeight()).isEqualTo(Samples.SIZE);
        try (var pipeline = DiffusionPipeline.read(run.resolve("export/squares"), Device.cpu(), DataType.FLOAT32)) {
            assertThat(pipeline.defaultGeometry().width()).isEqualTo(Samples.SIZE);
        }
    }

    @Test
    void aTransformerIsTrainedAndServed() throws Exception {
        int model = RECIPE.lastIndexOf("  model:");
        Path exported = trained((RECIPE.substring(0, model) + TRANSFORMER)
                .replace("FOLDER", folder.toString())
                .replace("OPTIMIZATION", OPTIMIZATION));

        assertServed(exported);
        assertThat(exported.resolve("transformer/config.json")).isNotEmptyFile();
    }

    @Test
    void aTeacherIsDistilledInTwoStagesThatAreServed() throws Exception {
        trained(RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));
        Path recipe = write("turbo.yaml", DISTILLATION);

        Train.run(recipe, false, Optional.empty(), new AtomicBoolean());

        assertThat(folder.resolve("turbo/consistency/metrics.csv")).isNotEmptyFile();
        assertThat(folder.resolve("turbo/adversarial/metrics.csv")).content().contains("discriminator_loss");
        assertServed(folder.resolve("turbo/export/squares-turbo"));
    }

    @Test
    void aDistillationThatIsStoppedAfterEveryStepEndsWithTheSameWeights() throws Exception {
        trained(RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));
        Train.run(write("turbo.yaml", DISTILLATION), false, Optional.empty(), new AtomicBoolean());
        Path stopped = write("stopped.yaml", DISTILLATION.replace("/turbo", "/stopped"));

        for (int i = 0; i < 8; i++) {
            Train.run(stopped, true, Optional.empty(), new AtomicBoolean(true));
        }

        for (String part : List.of("weights", "averages", "exp_avg", "exp_avg_sq")) {
            String file = "adversarial/checkpoint-00000004/%s.safetensors".formatted(part);
            assertThat(folder.resolve("stopped").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("turbo").resolve(file));
        }
    }

    @Test
    void aGeneratorIsTrainedAgainstADiscriminatorAndServedInOneStep() throws Exception {
        trained(RECIPE.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));
        Train.run(write("gan.yaml", GAN), false, Optional.empty(), new AtomicBoolean());

        Path exported = folder.resolve("gan/export/squares-gan");
        assertServed(exported);
        try (var pipeline = DiffusionPipeline.read(exported, Device.cpu(), DataType.FLOAT32)) {
            assertThatThrownBy(() -> pipeline.trajectory(Optional.empty(), Optional.empty(), Churn.NONE, 2, 1))
                    .hasMessageContaining("steps must be from 1 to 1, was 2");
        }
    }

    private Path write(String name, String recipe) throws IOException {
        Path file = folder.resolve(name);
        return Files.writeString(
                file, recipe.replace("FOLDER", folder.toString()).replace("OPTIMIZATION", OPTIMIZATION));
    }

    private static void assertServed(Path exported) throws IOException {
        try (var pipeline = DiffusionPipeline.read(exported, Device.cpu(), DataType.FLOAT32)) {
            var request = new SampleRequest(
                    "a red apple",
                    "",
                    io.ruido.job.Seeds.of(1),
                    1,
                    Optional.empty(),
                    1,
                    0,
                    Geometry.ofImage(Samples.SIZE, Samples.SIZE),
                    0,
                    Optional.empty());
            assertThat(new Sampling(pipeline)
                            .run(request, _ -> {})
                            .frames()
                            .first()
                            .width())
                    .isEqualTo(Samples.SIZE);
        }
    }

    /** A model to begin with. */
    private Path trained(String text) throws Exception {
        writeImages(folder.resolve("pictures"));
        writeTextEncoder(folder.resolve("text"));
        Path recipe = folder.resolve("train.yaml");
        Files.writeString(recipe, text);
        Train.run(recipe, false, Optional.empty(), new AtomicBoolean());
        return folder.resolve("run/export/squares");
    }

    private static float[] tensor(Path model, String part, String name) throws IOException {
        try (NDManager manager = Torch.newManager()) {
            return SafeTensors.read(model.resolve(part).resolve(DiffusersFolder.WEIGHTS), manager, DataType.FLOAT32)
                    .get(name)
                    .toFloatArray();
        }
    }

    private static void writeImages(Path folder) throws IOException {
        Files.createDirectories(folder);
        List<String> rows = new ArrayList<>();
        for (ImageFolder.Image image : Samples.images(6)) {
            var rgb = new BufferedImage(Samples.SIZE, Samples.SIZE, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < Samples.SIZE * Samples.SIZE; i++) {
                int red = image.planes()[i] & 255;
                rgb.setRGB(i % Samples.SIZE, i / Samples.SIZE, red << 16);
            }
            ImageIO.write(rgb, "png", folder.resolve(image.file()).toFile());
            rows.add("{\"file_name\": \"%s\", \"text\": \"%s\"}".formatted(image.file(), image.label()));
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows);
    }

    static void writeTextEncoder(Path folder) throws IOException, URISyntaxException {
        Files.createDirectories(folder);
        Path model = Path.of(TrainTest.class.getResource("/golden/pipeline").toURI());
        for (String file : List.of("text_encoder/config.json", "text_encoder/model.safetensors")) {
            Files.copy(model.resolve(file), folder.resolve(model.resolve(file).getFileName()));
        }
        for (String file : List.of("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json")) {
            Files.copy(model.resolve("tokenizer").resolve(file), folder.resolve(file));
        }
    }

    private static final String OPTIMIZATION = "{steps: 4, batch: 2, learningRate: 1.0e-3, warmup: 1, decay: 1, "
            + "beta1: 0.9, beta2: 0.99, weightDecay: 0, clip: 1, ema: 0.9, checkpointEvery: 4, evaluateEvery: 4}";

    private static final String PIXELS = """
            name: squares
            data: FOLDER/pictures
            output: FOLDER/run
            size: 16
            seed: 1
            pixels:
              minSnrGamma: 0
              scheduler: {_class_name: DDIMScheduler, beta_schedule: squaredcos_cap_v2, prediction_type: v_prediction}
              sampling: {pictures: 3, steps: 2}
              optimization: OPTIMIZATION
              model:
                sample_size: 16
                block_out_channels: [4, 8]
                down_block_types: [DownBlock2D, AttnDownBlock2D]
                up_block_types: [AttnUpBlock2D, UpBlock2D]
                layers_per_block: 1
                norm_num_groups: 2
                attention_head_dim: 4
            """;

    private static final String TRANSFORMER = """
              model:
                _class_name: PixArtTransformer2DModel
                sample_size: 8
                in_channels: 3
                out_channels: 3
                num_layers: 2
                num_attention_heads: 2
                attention_head_dim: 4
                cross_attention_dim: 8
                caption_channels: 8
                patch_size: 2
                use_additional_conditions: false
            """.indent(0);

    private static final String DISTILLATION = """
            name: squares-turbo
            data: FOLDER/pictures
            output: FOLDER/turbo
            size: 16
            seed: 1
            distillation:
              teacher: FOLDER/run/export/squares
              guidance: 2
              captions: {each: 3, dropout: 0, tokenDropout: 0.5, pooledNoise: 1}
              labels: []
              scheduler: {_class_name: LCMScheduler, num_train_timesteps: 1000, beta_schedule: scaled_linear,
                          beta_start: 0.00085, beta_end: 0.012, prediction_type: epsilon, clip_sample: false,
                          original_inference_steps: 4}
              sampling: {prompts: [red apple, dog], steps: 2, guidance: 1}
              consistency: {grid: 40, huber: 0.001, optimization: OPTIMIZATION}
              adversarial:
                timesteps: [999, 749, 499, 249]
                distillation: 1
                discriminator: {learningRate: 1.0e-3, penalty: 0.1, sigma: 0.1}
                optimization: OPTIMIZATION
            """;

    private static final String GAN = """
            name: squares-gan
            data: FOLDER/pictures
            output: FOLDER/gan
            size: 16
            seed: 1
            gan:
              base: FOLDER/run/export/squares
              captions: {each: 3, dropout: 0, tokenDropout: 0.5, pooledNoise: 1}
              labels: []
              scheduler: {_class_name: LCMScheduler, prediction_type: sample, clip_sample: false,
                          original_inference_steps: 1}
              sampling: {prompts: [red apple, dog], steps: 1, guidance: 1}
              discriminator: {widths: [4, 8], learningRate: 1.0e-3, penalty: 0.1, sigma: 0.1}
              optimization: OPTIMIZATION
              model:
                sample_size: 8
                in_channels: 3
                out_channels: 3
                block_out_channels: [4, 8]
                down_block_types: [CrossAttnDownBlock2D, DownBlock2D]
                up_block_types: [UpBlock2D, CrossAttnUpBlock2D]
                layers_per_block: 1
                norm_num_groups: 2
                cross_attention_dim: 8
                attention_head_dim: 2
            """;

    private static final String RECIPE = """
            name: squares
            data: FOLDER/pictures
            output: FOLDER/run
            size: 16
            seed: 1
            autoencoder:
              learns: all
              heldOut: 2
              crop: 8
              wholeFrom: 0.5
              flip: false
              squaredLoss: 1
              gradientLoss: 1
              kl: 1.0e-3
              optimization: OPTIMIZATION
              model:
                block_out_channels: [4, 8]
                down_block_types: [DownEncoderBlock2D, DownEncoderBlock2D]
                up_block_types: [UpDecoderBlock2D, UpDecoderBlock2D]
                latent_channels: 3
                norm_num_groups: 2
                sample_size: 16
                scaling_factor: 1.0
            denoiser:
              textEncoder: FOLDER/text
              tokens: 6
              captions: {each: 3, dropout: 0.1, tokenDropout: 0.5, pooledNoise: 1}
              labels: []
              precision: float32
              minSnrGamma: 5
              scheduler: {_class_name: DDIMScheduler, num_train_timesteps: 1000, beta_schedule: scaled_linear,
                          beta_start: 0.00085, beta_end: 0.012, prediction_type: epsilon, clip_sample: false}
              sampling: {prompts: [red apple, dog], steps: 2, guidance: 2}
              optimization: OPTIMIZATION
              model:
                sample_size: 8
                in_channels: 3
                out_channels: 3
                block_out_channels: [4, 8]
                down_block_types: [CrossAttnDownBlock2D, DownBlock2D]
                up_block_types: [UpBlock2D, CrossAttnUpBlock2D]
                layers_per_block: 1
                norm_num_groups: 2
                cross_attention_dim: 8
                attention_head_dim: 2
            """;
}
