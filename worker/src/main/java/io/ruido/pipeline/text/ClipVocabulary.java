package io.ruido.pipeline.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;

/**
 * CLIP's vocabulary as older folders keep it, {@code vocab.json} and {@code merges.txt}, in the form of {@code
 * tokenizer.json}: byte-level byte-pair encoding (Radford et al., 2021, §2.4) of lower-cased words.
 */
final class ClipVocabulary {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String TEMPLATE = """
            {"version": "1.0",
             "normalizer": {"type": "Sequence", "normalizers": [
               {"type": "NFC"},
               {"type": "Replace", "pattern": {"Regex": "\\\\s+"}, "content": " "},
               {"type": "Lowercase"}]},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
               {"type": "Split", "behavior": "Removed", "invert": true, "pattern":
                 {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\\\p{L}]+|[\\\\p{N}]|[^\\\\s\\\\p{L}\\\\p{N}]+"}},
               {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
             "post_processor": {"type": "RobertaProcessing", "trim_offsets": false, "add_prefix_space": false},
             "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "continuing_subword_prefix": "", "end_of_word_suffix": "</w>", "fuse_unk": false}}
            """;

    private ClipVocabulary() {}

    /**
     * @param vocabulary ids by token
     * @param merges lines of two parts; the first line may be a comment
     */
    static ObjectNode tokenizer(JsonNode vocabulary, List<String> merges, String bos, String eos, String unknown)
            throws IOException {
        var json = (ObjectNode) JSON.readTree(TEMPLATE);
        var model = (ObjectNode) json.get("model");
        model.put("unk_token", unknown).set("vocab", vocabulary);
        merges.stream()
                .filter(line -> !line.startsWith("#version") && !line.isBlank())
                .forEach(model.withArray("merges")::add);
        var ends = (ObjectNode) json.get("post_processor");
        ends.putArray("cls").add(bos).add(id(vocabulary, bos));
        ends.putArray("sep").add(eos).add(id(vocabulary, eos));
        for (String token : List.of(bos, eos)) {
            json.withArray("added_tokens")
                    .addObject()
                    .put("id", id(vocabulary, token))
                    .put("content", token)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", true)
                    .put("special", true);
        }
        return json;
    }

    private static long id(JsonNode vocabulary, String token) throws IOException {
        if (!vocabulary.has(token)) {
            throw new IOException("vocab.json has no token " + token);
        }
        return vocabulary.get(token).asLong();
    }
}
