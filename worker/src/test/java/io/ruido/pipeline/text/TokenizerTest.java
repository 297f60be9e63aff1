package io.ruido.pipeline.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokenizer folders beside transformers, see make_tokenizer_golden.py; CLIP's are checked with its pipelines. */
class TokenizerTest {
    private static final int LENGTH = 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void aSentencePieceModelAloneGivesTheIdsOfTransformers() throws IOException, URISyntaxException {
        Path folder =
                Path.of(TokenizerTest.class.getResource("/golden/tokenizer").toURI());
        try (Tokenizer tokenizer = Tokenizer.ofLength(folder, LENGTH)) {
            for (JsonNode expected : JSON.readTree(folder.resolve("ids.json").toFile())) {
                long[] ids = JSON.convertValue(expected.get("ids"), long[].class);

                Tokenizer.Tokens tokens =
                        tokenizer.encode(List.of(expected.get("text").asText()));

                assertThat(tokens.ids()[0]).isEqualTo(Arrays.copyOf(ids, LENGTH)); // padding is 0
                assertThat(Arrays.stream(tokens.mask()[0]).sum()).isEqualTo(ids.length);
            }
        }
    }

    @Test
    void aSentencePieceModelThatIsCutOffIsRefusedByName(@TempDir Path folder) throws IOException, URISyntaxException {
        Path whole = Path.of(TokenizerTest.class
                .getResource("/golden/tokenizer/spiece.model")
                .toURI());
        Files.write(folder.resolve("spiece.model"), Arrays.copyOf(Files.readAllBytes(whole), 500));

        assertThatThrownBy(() -> Tokenizer.read(folder, LENGTH))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("spiece.model");
    }

    @Test
    void aFolderWithoutAVocabularyIsRefused(@TempDir Path folder) {
        assertThatThrownBy(() -> Tokenizer.read(folder, LENGTH))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no tokenizer.json, vocab.json with merges.txt, or spiece.model");
    }
}
