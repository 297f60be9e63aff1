package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.diffusion.SampleState;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.plan.Engine;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model whose prompts are in AUTOMATIC1111's language, beside the implementation of make_prompt_goldens.py. */
class PromptedModelTest {
    private static final String KIND = "stable-diffusion";

    /** Share of the largest value. In float32 the reference itself differs by 1e-6 from its results in float64. */
    private static final double TOLERANCE = 4e-6;

    @TempDir
    private Path folder;

    private final NDManager manager = Torch.newManager();
    private final ExecutorService side = Executors.newSingleThreadExecutor();
    private Model model;
    private JsonNode golden;
    private Map<String, NDArray> tensors;

    @BeforeEach
    void read() throws IOException {
        model = Model.read(Golden.path("golden/pipelines/" + KIND), Device.cpu(), DataType.FLOAT32, Engine.EAGER, side);
        golden = new ObjectMapper()
                .readTree(Golden.path("golden/prompts/prompts.json").toFile());
        tensors = SafeTensors.read(Golden.path("golden/prompts/prompts.safetensors"), manager, DataType.FLOAT32);
    }

    @AfterEach
    void close() {
        model.close();
        side.close();
        manager.close();
    }

    private Conditioning encode(String prompt, String negative, int clipSkip, int steps) {
        Prompting prompting = new Prompting(PromptSyntax.A1111, clipSkip, List.of());
        return Conditioning.fromBytes(model.encode(prompt, negative, prompting, List.of(steps), List.of(), List.of())
                .toBytes());
    }

    private void assertClose(String name, float[] actual) {
        float[] expected = tensors.get(name).toFloatArray();
        assertThat(actual).as(name).hasSameSizeAs(expected);
        double largest = tensors.get(name).abs().max().getFloat();
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) Math.abs(actual[i] - expected[i])).as(name).isLessThan(TOLERANCE * largest);
        }
    }

    @Test
    void emphasizedAndLongTextsHaveTheStatesOfTheReference() {
        for (int i = 0; i < golden.get("states").size(); i++) {
            Conditioning encoded = encode(golden.get("states").get(i).asText(), "", 0, 1);

            assertClose(
                    "states." + i, encoded.at(0).wanted().getFirst().states().values());
        }
    }

    @Test
    void textsThatChangeOrAreComposedGuideAsInTheReference() {
        int index = 0;
        for (JsonNode run : golden.get("runs")) {
            assertClose("latents." + index++, drawn(List.of(run)).getFirst());
        }
        assertThat(index).isPositive();
    }

    /** Samples whose texts change at different steps, in one call where their texts have as many tokens. */
    @Test
    void textsChangeInsideABatch() {
        List<JsonNode> runs = new ArrayList<>();
        for (JsonNode run : golden.get("runs")) {
            if (encode(run.get("prompt").asText(), run.get("negative").asText(), 0, 5)
                    .at(0)
                    .plain()) {
                runs.add(run);
            }
        }
        List<float[]> together = drawn(runs);

        assertThat(runs).hasSizeGreaterThan(2);
        for (int i = 0; i < runs.size(); i++) {
            float[] alone = drawn(List.of(runs.get(i))).getFirst();
            for (int k = 0; k < alone.length; k++) {
                assertThat((double) Math.abs(together.get(i)[k] - alone[k])).isLessThan(1e-5);
            }
        }
    }

    private List<float[]> drawn(List<JsonNode> runs) {
        List<SampleState> states = new ArrayList<>();
        List<SamplingParams> params = new ArrayList<>();
        List<Conditioning> texts = new ArrayList<>();
        for (JsonNode run : runs) {
            int steps = run.get("steps").asInt();
            SamplingParams each = new SamplingParams(
                    KIND,
                    16,
                    16,
                    steps,
                    run.get("guidance").asDouble(),
                    "ddim",
                    run.get("seed").asLong());
            params.add(each);
            states.add(model.start(each, Optional.empty()));
            texts.add(encode(
                    run.get("prompt").asText(),
                    run.get("negative").asText(),
                    run.get("clipSkip").asInt(),
                    steps));
        }
        while (!states.getFirst().done()) {
            List<DenoiserInput> inputs = new ArrayList<>();
            for (int i = 0; i < states.size(); i++) {
                SampleState state = states.get(i);
                inputs.add(new DenoiserInput(
                        params.get(i),
                        texts.get(i).at(state.step()),
                        state.input(),
                        state.timestep(),
                        false,
                        List.of()));
            }
            float[][] outputs = model.predict(inputs);
            for (int i = 0; i < outputs.length; i++) {
                states.get(i).advance(outputs[i]);
            }
        }
        return states.stream().map(SampleState::latents).toList();
    }

    @Test
    void whatIsCutOffOfAPlainTextIsTold() {
        Conditioning cut = model.encode("a b c d e f g h i j k l m n o p", "");

        assertThat(cut.warnings())
                .containsExactly("prompt: the last 2 tokens are cut off because the model takes 14: \"o p\"");
        assertThat(model.encode("", "é b c d e f g h i j k l m 😀 ö p").warnings())
                .singleElement()
                .asString()
                .startsWith("negativePrompt: ")
                .endsWith("ö p\"");
        assertThat(model.encode("a red apple", "").warnings()).isEmpty();
        assertThat(encode("a b c d e f g h i j k l m n o p", "", 0, 1).warnings())
                .isEmpty();
    }

    @Test
    void anEmbeddingThatDoesNotFitIsNotUsedAndTold() throws IOException {
        Path file = folder.resolve("wide.safetensors");
        SafeTensors.write(file, Map.of("emb_params", manager.ones(new Shape(1, 3))), DataType.FLOAT32);
        Prompting prompting = new Prompting(PromptSyntax.A1111, 0, List.of());
        var wide = new EmbeddingLibrary.Use("wide", file, "1");

        Conditioning encoded = model.encode("a wide apple", "", prompting, List.of(1), List.of(), List.of(wide));

        assertThat(encoded.warnings())
                .containsExactly(
                        "prompt: embedding wide is not used because its vectors do not fit the model's text encoder");
        assertThat(encoded.at(0).wanted().getFirst().states().values())
                .isEqualTo(encode("a wide apple", "", 0, 1)
                        .at(0)
                        .wanted()
                        .getFirst()
                        .states()
                        .values());
    }

    @Test
    void textsThatTakeTooMuchMemoryAreRefused() throws IOException {
        Prompting prompting = new Prompting(PromptSyntax.A1111, 0, List.of());
        try (DiffusionPipeline pipeline = DiffusionPipeline.read(
                Golden.path("golden/pipelines/" + KIND), Device.cpu(), DataType.FLOAT32, Engine.EAGER, List.of())) {
            var encoding = new TextEncoding(pipeline, manager, prompting, List.of(), List.of(), 2_000);

            assertThatThrownBy(() -> encoding.encode("[a|b|c|d|e|f|g|h|i|j] apple", "", List.of(10)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("prompt: ")
                    .hasMessageContaining("2000 bytes");
        }
    }

    /** Such a prompt has more tokens than the negative one, so both are predicted in calls of their own. */
    @Test
    void aLongPromptIsFollowedWithoutGuidance() {
        String prompt = "a b c d e f g h i j k l m n o p";
        List<float[]> drawn = new ArrayList<>();
        for (double guidance : new double[] {1, 0.5}) {
            SamplingParams params = new SamplingParams(KIND, 16, 16, 2, guidance, "ddim", 1);
            SampleState state = model.start(params, Optional.empty());
            DenoiserInput input = new DenoiserInput(
                    params, encode(prompt, "", 0, 2).at(0), state.input(), state.timestep(), false, List.of());
            drawn.add(model.predict(List.of(input))[0]);
        }

        assertThat(drawn.get(1)).isEqualTo(drawn.get(0));
    }
}
