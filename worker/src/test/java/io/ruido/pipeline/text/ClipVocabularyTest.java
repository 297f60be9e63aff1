package io.ruido.pipeline.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.Golden;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CLIP's own vocabulary beside transformers, see make_clip_tokenizer_golden.py. */
class ClipVocabularyTest {
    private static final Path VOCABULARY = Golden.path("golden/clip-vocabulary");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int TOKENS = 49408;
    private static final int BYTES = 256;
    private static final int LENGTH = 300;

    @TempDir
    Path folder;

    private void write() throws IOException {
        List<String> merges;
        try (var lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(VOCABULARY.resolve("merges.txt.gz"))),
                StandardCharsets.UTF_8))) {
            merges = lines.lines().skip(1).limit(TOKENS - 2 - 2 * BYTES).toList();
        }
        List<String> tokens = new ArrayList<>(letters());
        letters().forEach(letter -> tokens.add(letter + "</w>"));
        merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
        tokens.addAll(List.of("<|startoftext|>", "<|endoftext|>"));
        ObjectNode vocabulary = JSON.createObjectNode();
        tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
        JSON.writeValue(folder.resolve("vocab.json").toFile(), vocabulary);
        Files.write(folder.resolve("merges.txt"), merges);
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\": \"CLIPTokenizer\", \"pad_token\": \"<|endoftext|>\"}");
    }

    /** A visible character for each byte. */
    private static List<String> letters() {
        List<String> letters = new ArrayList<>();
        for (int b = 0; b < BYTES; b++) {
            if (b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
                letters.add(String.valueOf((char) b));
            }
        }
        int kept = letters.size();
        for (int n = 0; n < BYTES - kept; n++) {
            letters.add(String.valueOf((char) (BYTES + n)));
        }
        return letters;
    }

    @Test
    void textsOfAllScriptsHaveTheIdsOfTransformers() throws IOException {
        write();
        try (Tokenizer tokenizer = Tokenizer.ofLength(folder, LENGTH)) {
            for (JsonNode expected :
                    JSON.readTree(VOCABULARY.resolve("ids.json").toFile())) {
                Tokenizer.Tokens tokens =
                        tokenizer.encode(List.of(expected.get("text").asText()));

                long used = Arrays.stream(tokens.mask()[0]).sum();
                assertThat(Arrays.copyOf(tokens.ids()[0], (int) used))
                        .as(expected.get("text").toString())
                        .isEqualTo(JSON.convertValue(expected.get("ids"), long[].class));
            }
        }
    }
}
