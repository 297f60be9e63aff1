package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.job.Geometry;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
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
        writePictures(folder.resolve("pictures"));
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
            NDArray context = pipeline.encodeText(scratch, List.of("a red apple"));
            NDArray output = pipeline.predict(latents, new float[] {999}, context);
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
        writePictures(folder.resolve("pictures"));
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
        writePictures(folder.resolve("pictures"));
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

    /** A model to begin with. */
    private Path trained(String text) throws Exception {
        writePictures(folder.resolve("pictures"));
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

    private static void writePictures(Path folder) throws IOException {
        Files.createDirectories(folder);
        List<String> rows = new ArrayList<>();
        for (ImageFolder.Picture picture : Samples.pictures(6)) {
            var image = new BufferedImage(Samples.SIZE, Samples.SIZE, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < Samples.SIZE * Samples.SIZE; i++) {
                int red = picture.planes()[i] & 255;
                image.setRGB(i % Samples.SIZE, i / Samples.SIZE, red << 16);
            }
            ImageIO.write(image, "png", folder.resolve(picture.file()).toFile());
            rows.add("{\"file_name\": \"%s\", \"text\": \"%s\"}".formatted(picture.file(), picture.label()));
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows);
    }

    private static void writeTextEncoder(Path folder) throws IOException, URISyntaxException {
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
