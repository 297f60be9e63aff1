package io.ruido.pipeline.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tokens that were added to a vocabulary later, as textual inversion does (Gal et al., 2022): {@code added_tokens_decoder} of
 * {@code tokenizer_config.json}, or {@code added_tokens.json} of older folders. They are found in a text as they are written,
 * before it is put into lower case.
 */
final class AddedTokens {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<Long, JsonNode> byId;

    private AddedTokens(Map<Long, JsonNode> byId) {
        this.byId = byId;
    }

    /** @param config {@code tokenizer_config.json} */
    static AddedTokens read(Path folder, JsonNode config) throws IOException {
        Map<Long, JsonNode> byId = new TreeMap<>();
        Path older = folder.resolve("added_tokens.json");
        if (Files.exists(older)) {
            JSON.readTree(older.toFile())
                    .properties()
                    .forEach(token -> byId.put(
                            token.getValue().asLong(), JSON.createObjectNode().put("content", token.getKey())));
        }
        config.path("added_tokens_decoder")
                .properties()
                .forEach(token -> byId.put(Long.valueOf(token.getKey()), token.getValue()));
        return new AddedTokens(byId);
    }

    /**
     * Adds them to a {@code tokenizer.json} that does not have them yet.
     *
     * @throws IOException naming a token whose id leaves a gap in the vocabulary
     */
    void addTo(ObjectNode tokenizer) throws IOException {
        ArrayNode added = tokenizer.withArray("added_tokens");
        JsonNode vocabulary = tokenizer.at("/model/vocab"); // ids by token, or [token, score] in the order of ids
        for (var token : byId.entrySet()) {
            String content = token.getValue().path("content").asText();
            if (has(added, content)) {
                continue;
            }
            if (vocabulary instanceof ObjectNode ids) {
                ids.put(content, token.getKey());
            } else if (token.getKey() == vocabulary.size()) {
                ((ArrayNode) vocabulary).addArray().add(content).add(0.0);
            } else if (token.getKey() > vocabulary.size()) {
                throw new IOException("added token %s has the id %d, but the vocabulary has %d tokens"
                        .formatted(content, token.getKey(), vocabulary.size()));
            }
            added.addObject()
                    .put("id", token.getKey())
                    .put("content", content)
                    .put("single_word", token.getValue().path("single_word").asBoolean())
                    .put("lstrip", token.getValue().path("lstrip").asBoolean())
                    .put("rstrip", token.getValue().path("rstrip").asBoolean())
                    .put("normalized", false)
                    .put("special", token.getValue().path("special").asBoolean());
        }
    }

    private static boolean has(ArrayNode added, String content) {
        for (JsonNode token : added) {
            if (token.path("content").asText().equals(content)) {
                return true;
            }
        }
        return false;
    }
}
