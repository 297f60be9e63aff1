package io.ruido.pipeline.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Conditioning;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.Guide;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.plan.Engine;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Files in the ways that diffusers and PEFT can write them, beside the pictures of diffusers, see make_lora_goldens.py. */
class LoraTest {
    private static final Path FOLDER = Golden.path("golden/pipelines/stable-diffusion");
    private static final Path LORAS = Golden.path("golden/loras");

    private final NDManager manager = Torch.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private static Path file(String name) {
        return LORAS.resolve(name + ".safetensors");
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsAppliedAsInDiffusers(Engine engine) throws IOException {
        Map<String, NDArray> pictures = SafeTensors.read(file("pictures"), manager, DataType.FLOAT32);
        JsonNode run =
                new ObjectMapper().readTree(LORAS.resolve("run.json").toFile()).get(0);
        for (String name : pictures.keySet()) {
            String[] parts = name.split(":");
            List<LoraFile> files = name.equals("none")
                    ? List.of()
                    : List.of(new LoraFile(file(parts[0]), Double.parseDouble(parts[1])));
            RgbImage picture = picture(run, engine, files);
            float[] expected = pictures.get(name).transpose(1, 2, 0).reshape(-1).toFloatArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) Math.abs((picture.rgb()[i] & 0xff) - expected[i]))
                        .as(name)
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    private static RgbImage picture(JsonNode run, Engine engine, List<LoraFile> files) throws IOException {
        try (var pipeline = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.FLOAT32, engine, files)) {
            return new Sampling(pipeline).run(request(run), step -> {}).frames().first();
        }
    }

    /** PEFT puts an adapter's name into those of the tensors; this file has no settings, so that α is the rank. */
    @Test
    void anAdaptersNameInThoseOfTheTensorsMakesNoDifference() throws IOException {
        JsonNode run =
                new ObjectMapper().readTree(LORAS.resolve("run.json").toFile()).get(0);

        RgbImage named = picture(run, Engine.EAGER, List.of(new LoraFile(file("named-default"), 1)));
        RgbImage plain = picture(run, Engine.EAGER, List.of(new LoraFile(file("alpha-in-metadata"), 2 / 8.)));

        assertThat(named.rgb()).isEqualTo(plain.rgb());
    }

    private static SampleRequest request(JsonNode run) {
        return new SampleRequest(
                run.get("prompt").asText(),
                run.get("negative").asText(),
                Seeds.of(run.get("seed").asLong()),
                run.get("steps").asInt(),
                Optional.empty(),
                run.get("guidance").asDouble(),
                0,
                Geometry.ofImage(16, 16),
                0,
                Optional.empty());
    }

    /** Each in a call with others that have other additions, or none. */
    @Test
    void aSamplesPredictionDependsOnItsOwnAdditionsOnly() throws IOException {
        List<String> names = List.of("alpha-in-metadata", "convolutions", "weight-decomposed", "biased", "two-ranks");
        try (var pipeline = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.FLOAT32)) {
            List<List<AppliedLora>> added = new ArrayList<>(List.of(List.of()));
            for (String name : names) {
                added.add(List.of(pipeline.lora(file(name)).with(0.75)));
            }
            int size = added.size();
            NDArray latents = manager.randomNormal(new Shape(size, 4, 8, 8));
            NDArray states = manager.randomNormal(new Shape(size, 16, 8));
            NDArray together = predict(pipeline, latents, states, added);

            List<float[]> all = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                var one = new NDIndex("{}:{}", i, i + 1);
                NDArray alone = predict(pipeline, latents.get(one), states.get(one), List.of(added.get(i)));
                if (i > 0) {
                    assertThat(together.get(one).toFloatArray())
                            .usingComparatorWithPrecision(1e-5f)
                            .containsExactly(alone.toFloatArray());
                }
                all.add(predict(pipeline, latents.get("0:1"), states.get("0:1"), List.of(added.get(i)))
                        .toFloatArray());
            }
            for (int i = 1; i < size; i++) {
                assertThat(all.get(i)).as(names.get(i - 1)).isNotEqualTo(all.getFirst());
            }
        }
    }

    private static NDArray predict(
            DiffusionPipeline pipeline, NDArray latents, NDArray states, List<List<AppliedLora>> added) {
        float[] timesteps = new float[added.size()];
        Arrays.fill(timesteps, 500);
        return predict(pipeline, latents, timesteps, states, added);
    }

    private static NDArray predict(
            DiffusionPipeline pipeline,
            NDArray latents,
            float[] timesteps,
            NDArray states,
            List<List<AppliedLora>> added) {
        int size = timesteps.length;
        float[] guidance = new float[size];
        float[] weights = new float[size];
        Arrays.fill(guidance, 3);
        Arrays.fill(weights, 1);
        return pipeline.predict(
                latents,
                timesteps,
                List.of(new Guide(Conditioning.ofStates(states), weights)),
                Conditioning.ofStates(states.mul(-1)),
                guidance,
                added,
                false);
    }

    /** Of the two transformers of Wan 2.2 each is called with the clips of its noise only. */
    @Test
    void aClipHasItsOwnAdditionsInEachOfTwoTransformers(@TempDir Path folder) throws IOException {
        Path wan = Golden.path("golden/wan-pipelines/text-2.2-two");
        JsonNode config = new ObjectMapper()
                .readTree(wan.resolve("transformer/config.json").toFile());
        long width = config.get("num_attention_heads").asLong()
                * config.get("attention_head_dim").asLong();
        Path file = folder.resolve("clip.safetensors");
        Map<String, NDArray> tensors = new TreeMap<>();
        for (String part : List.of("transformer", "transformer_2")) {
            String module = part + ".blocks.0.attn1.to_v.";
            tensors.put(module + "lora_A.weight", manager.randomNormal(new Shape(2, width)));
            tensors.put(module + "lora_B.weight", manager.randomNormal(new Shape(width, 2)));
        }
        SafeTensors.write(file, tensors, DataType.FLOAT32);
        float[] timesteps = {999, 30, 990, 20};
        double[] weights = {0, 1, -1, 0.5};
        try (var pipeline = DiffusionPipeline.read(wan, Device.cpu(), DataType.FLOAT32);
                Lora lora = pipeline.lora(file)) {
            int size = timesteps.length;
            int side = 2 * pipeline.sizeStep();
            NDArray latents = manager.randomNormal(pipeline.inputShape(size, new Geometry(side, side, 5)));
            NDArray states =
                    pipeline.promptEncoder().states(manager, List.of("one")).repeat(0, size);
            List<List<AppliedLora>> added = Arrays.stream(weights)
                    .mapToObj(weight -> List.of(lora.with(weight)))
                    .toList();

            NDArray together = predict(pipeline, latents, timesteps, states, added);

            for (int i = 0; i < size; i++) {
                var one = new NDIndex("{}:{}", i, i + 1);
                float[] timestep = {timesteps[i]};
                NDArray alone = predict(pipeline, latents.get(one), timestep, states.get(one), List.of(added.get(i)));
                NDArray without = predict(pipeline, latents.get(one), timestep, states.get(one), List.of(List.of()));
                assertThat(together.get(one).toFloatArray())
                        .as("clip %d", i)
                        .usingComparatorWithPrecision(1e-5f)
                        .containsExactly(alone.toFloatArray());
                assertThat(alone.sub(without).abs().max().getFloat() > 1e-3)
                        .as("clip %d is changed", i)
                        .isEqualTo(weights[i] != 0);
            }
        }
    }

    /** Wan 2.2 gives each patch a timestep. */
    @Test
    void additionsToTheNetworkOfTheTimestepAreAClipsOwnWhereEachPatchHasATimestep(@TempDir Path folder)
            throws IOException {
        Path wan = Golden.path("golden/wan-pipelines/text-2.2-tokens");
        JsonNode config = new ObjectMapper()
                .readTree(wan.resolve("transformer/config.json").toFile());
        long width = config.get("num_attention_heads").asLong()
                * config.get("attention_head_dim").asLong();
        Path file = write(
                folder,
                Map.of(
                        "transformer.condition_embedder.time_proj.lora_A.weight", new Shape(2, width),
                        "transformer.condition_embedder.time_proj.lora_B.weight", new Shape(6 * width, 2)));
        try (var pipeline = DiffusionPipeline.read(wan, Device.cpu(), DataType.FLOAT32);
                Lora lora = pipeline.lora(file)) {
            int side = 2 * pipeline.sizeStep();
            NDArray latents = manager.randomNormal(pipeline.inputShape(2, new Geometry(side, side, 5)));
            NDArray states =
                    pipeline.promptEncoder().states(manager, List.of("one")).repeat(0, 2);
            List<List<AppliedLora>> added = List.of(List.of(lora.with(0)), List.of(lora.with(1)));

            NDArray together = predictAfterAFirstFrame(pipeline, latents, states, added);

            for (int i = 0; i < 2; i++) {
                var one = new NDIndex("{}:{}", i, i + 1);
                NDArray alone =
                        predictAfterAFirstFrame(pipeline, latents.get(one), states.get(one), List.of(added.get(i)));
                assertThat(together.get(one).toFloatArray())
                        .as("clip %d", i)
                        .usingComparatorWithPrecision(1e-5f)
                        .containsExactly(alone.toFloatArray());
            }
        }
    }

    private static NDArray predictAfterAFirstFrame(
            DiffusionPipeline pipeline, NDArray latents, NDArray states, List<List<AppliedLora>> added) {
        int size = added.size();
        float[] timesteps = new float[size];
        float[] weights = new float[size];
        Arrays.fill(timesteps, 500);
        Arrays.fill(weights, 1);
        Conditioning text = Conditioning.ofStates(states)
                .withFirstFrameClean(states.getManager().ones(new Shape(size)));
        return pipeline.predict(latents, timesteps, List.of(new Guide(text, weights)), text, weights, added, false);
    }

    private Path write(Path folder, Map<String, Shape> shapes) throws IOException {
        Map<String, NDArray> tensors = new TreeMap<>();
        shapes.forEach((name, shape) -> tensors.put(name, manager.randomNormal(shape)));
        Path file = folder.resolve("written.safetensors");
        SafeTensors.write(file, tensors, DataType.FLOAT32);
        return file;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stable-diffusion | unet.conv_in | 2,36 | 4,2",
                "stable-diffusion | unet.conv_in | 2,4,9,1 | 4,2,1,1",
                "stable-diffusion | unet.down_blocks.0.attentions.0.proj_in | 2,4,1,1 | 2,4",
                "stable-diffusion | text_encoder.text_model.embeddings.position_embedding | 2,8 | 16,2",
                "dit | transformer.pos_embed.proj | 2,4,2,2 | 8,2,1,1",
                "stable-diffusion | unet.down_blocks.0.attentions.0.proj_in | 2,4,1,1 | 4,3,1,1",
                "stable-diffusion | unet.down_blocks.0.attentions.0.proj_in | 2,5,1,1 | 4,2,1,1",
                "stable-diffusion | unet.down_blocks.7.attentions.0.proj_in | 2,4,1,1 | 4,2,1,1",
            })
    void whatCannotBeAppliedIsRefusedByName(String model, String module, String down, String up, @TempDir Path folder)
            throws IOException {
        Path file = write(folder, Map.of(module + ".lora_A.weight", shape(down), module + ".lora_B.weight", shape(up)));
        try (var pipeline =
                DiffusionPipeline.read(Golden.path("golden/pipelines/" + model), Device.cpu(), DataType.FLOAT32)) {
            assertThatThrownBy(() -> pipeline.lora(file))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(module);
        }
    }

    private static Shape shape(String sides) {
        return new Shape(
                Arrays.stream(sides.split(",")).mapToLong(Long::parseLong).toArray());
    }

    @Test
    void theMatricesOfA1x1ConvolutionMayHaveTwoSides(@TempDir Path folder) throws IOException {
        String module = "unet.down_blocks.0.attentions.0.proj_in.";
        NDArray down = manager.randomNormal(new Shape(2, 4));
        NDArray up = manager.randomNormal(new Shape(4, 2));
        Path flat = folder.resolve("flat.safetensors");
        Path square = folder.resolve("square.safetensors");
        SafeTensors.write(flat, Map.of(module + "lora_A.weight", down, module + "lora_B.weight", up), DataType.FLOAT32);
        SafeTensors.write(
                square,
                Map.of(
                        module + "lora_A.weight", down.reshape(2, 4, 1, 1),
                        module + "lora_B.weight", up.reshape(4, 2, 1, 1)),
                DataType.FLOAT32);
        try (var pipeline = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.FLOAT32)) {
            NDArray latents = manager.randomNormal(new Shape(1, 4, 8, 8));
            NDArray states = manager.randomNormal(new Shape(1, 16, 8));
            List<float[]> outputs = new ArrayList<>();
            for (Path file : List.of(flat, square)) {
                List<AppliedLora> added = List.of(pipeline.lora(file).with(1));
                outputs.add(predict(pipeline, latents, states, List.of(added)).toFloatArray());
            }

            assertThat(outputs.getFirst()).isEqualTo(outputs.getLast());
        }
    }

    @Test
    void aFileLeavesNoTensorsInTheModelAndTakesTheBytesOfItsType() throws IOException {
        try (var model = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.FLOAT32);
                var half = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.BFLOAT16);
                NDManager child = half.newManager();
                Lora whole = model.lora(file("convolutions"))) {
            int before = child.getParentManager().getManagedArrays().size();

            try (Lora lora = half.lora(file("weight-decomposed"))) {
                lora.with(0.5).close();
            }

            assertThat(child.getParentManager().getManagedArrays()).hasSize(before);
            try (Lora lora = half.lora(file("convolutions"))) {
                assertThat(lora.bytes()).isPositive().isEqualTo(whole.bytes() / 2);
            }
        }
    }

    @Test
    void aFileOfAnotherModelIsRefusedByName() throws IOException {
        try (var xl = DiffusionPipeline.read(Golden.path("golden/pipelines/xl"), Device.cpu(), DataType.FLOAT32)) {
            assertThatThrownBy(() -> xl.lora(file("alpha-in-metadata")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("alpha-in-metadata.safetensors: ");
        }
    }
}
