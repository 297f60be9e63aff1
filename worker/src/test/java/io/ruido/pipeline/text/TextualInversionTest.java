package io.ruido.pipeline.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.prompting.Emphasis;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeddings in prompts beside diffusers, see make_embedding_goldens.py. */
class TextualInversionTest {
    private static final Path EMBEDDINGS = Golden.path("golden/embeddings");
    private static final float TOLERANCE = 2e-5f;

    private final NDManager manager = Torch.newManager();
    private DiffusionPipeline pipeline;
    private List<TextualInversion> embeddings;

    @BeforeEach
    void read() throws IOException {
        pipeline = DiffusionPipeline.read(
                Golden.path("golden/pipelines/stable-diffusion"), Device.cpu(), DataType.FLOAT32);
        embeddings = List.of(
                TextualInversion.read(EMBEDDINGS.resolve("toy.safetensors"), "toy", manager),
                TextualInversion.read(EMBEDDINGS.resolve("ink.safetensors"), "ink", manager));
    }

    @AfterEach
    void close() {
        pipeline.close();
        manager.close();
    }

    private NDArray states(String text) {
        return pipeline.promptEncoder()
                .encodeWeighted(manager, Emphasis.parse("prompt", text), 0, List.of(), embeddings)
                .states();
    }

    @Test
    void textsThatNameEmbeddingsHaveTheStatesOfDiffusers() throws IOException {
        Map<String, NDArray> states =
                SafeTensors.read(EMBEDDINGS.resolve("states.safetensors"), manager, DataType.FLOAT32);
        JsonNode texts =
                new ObjectMapper().readTree(EMBEDDINGS.resolve("texts.json").toFile());
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i).asText();

            assertThat(states(text).toFloatArray())
                    .as(text)
                    .usingComparatorWithPrecision(TOLERANCE)
                    .containsExactly(states.get(String.valueOf(i)).toFloatArray());
        }
    }

    /** The text encoder takes 14 tokens: 13 letters leave no room for two vectors. */
    @Test
    void theVectorsOfAnEmbeddingStayInOneChunk() {
        NDArray divided = states("a b c d e f g h i j k l m BREAK ink");

        assertThat(states("a b c d e f g h i j k l m ink").toFloatArray()).isEqualTo(divided.toFloatArray());
    }

    @Test
    void anEmbeddingOfAnotherTextEncoderDoesNotFit() {
        assertThat(embeddings).allMatch(pipeline.promptEncoder()::supports);
        assertThat(pipeline.promptEncoder()
                        .supports(new TextualInversion("wide", List.of(manager.zeros(new Shape(1, 3))))))
                .isFalse();
    }

    @Test
    void aFileWithoutVectorsIsRefusedByTensor(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("cube.safetensors");
        SafeTensors.write(file, Map.of("cube", manager.zeros(new Shape(2, 2, 2))), DataType.FLOAT32);

        assertThatThrownBy(() -> TextualInversion.read(file, "cube", manager))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tensor cube of shape (2, 2, 2)");
    }
}
