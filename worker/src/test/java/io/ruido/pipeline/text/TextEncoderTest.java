package io.ruido.pipeline.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.Golden;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against {@code make_pooled_golden.py}. */
class TextEncoderTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    @Test
    void aFolderWithAPooledTokenScaleHasThePooledStateAfterTheTokens() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            Path plain = Golden.of("pipeline", manager).folder();
            copy(plain.resolve("tokenizer"), folder.resolve("tokenizer"));
            copy(plain.resolve("text_encoder"), folder.resolve("text_encoder"));
            Path config = folder.resolve("text_encoder/config.json");
            JSON.writeValue(
                    config.toFile(), ((ObjectNode) JSON.readTree(config.toFile())).put("pooled_token_scale", 2.5));

            try (TextEncoder encoder = TextEncoder.read(folder, manager, DataType.FLOAT32)) {
                NDArray states = encoder.encode(
                        manager, List.of("A red apple!", "dogs, a green apple, a dog and a red, red dog"));

                Golden.of("pooled", manager).assertClose("states", states);
                NDArray pooled = states.get(":, -1");
                assertThat(pooled.square().sum(new int[] {1}).sqrt().toFloatArray())
                        .as("length of the pooled states")
                        .containsExactly(new float[] {2.5f, 2.5f}, within(1e-4f));
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }
}
