package io.ruido.pipeline.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * T5's vocabulary as older folders keep it, {@code spiece.model}, in the form of {@code tokenizer.json}: a unigram model (Kudo,
 * 2018). The file is a protocol buffer: pieces with their scores in field 1, the normalizer's table in field 3.
 */
final class SentencePiece {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int PIECES = 1;
    private static final int NORMALIZER = 3;
    private static final int TEXT = 1;
    private static final int SCORE = 2;
    private static final int KIND = 3;
    private static final int CHARACTERS = 2;
    private static final int UNKNOWN = 2;

    private static final String TEMPLATE = """
            {"version": "1.0",
             "normalizer": {"type": "Sequence", "normalizers": [
               {"type": "Strip", "strip_left": false, "strip_right": true},
               {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}]},
             "model": {"type": "Unigram", "byte_fallback": false}}
            """;

    private SentencePiece() {}

    /** @param extraIds how many tokens without a meaning follow the pieces, the last one first */
    static JsonNode tokenizer(Path file, int extraIds) throws IOException {
        var json = (ObjectNode) JSON.readTree(TEMPLATE);
        var model = (ObjectNode) json.get("model");
        ArrayNode vocabulary = model.putArray("vocab");
        try {
            read(json, model, vocabulary, Files.readAllBytes(file));
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(file + " is cut off or no SentencePiece model", e);
        }
        for (int i = extraIds - 1; i >= 0; i--) {
            vocabulary.addArray().add("<extra_id_" + i + ">").add(0.0);
        }
        special(json, vocabulary);
        return json;
    }

    private static void read(ObjectNode json, ObjectNode model, ArrayNode vocabulary, byte[] bytes) {
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (all.hasRemaining()) {
            long tag = varint(all);
            switch ((int) (tag >>> 3)) {
                case PIECES -> piece(model, vocabulary, slice(all));
                case NORMALIZER -> normalizer(json, slice(all));
                default -> skip(all, tag);
            }
        }
    }

    private static void piece(ObjectNode model, ArrayNode vocabulary, ByteBuffer fields) {
        String text = "";
        double score = 0;
        long kind = 1;
        while (fields.hasRemaining()) {
            long tag = varint(fields);
            switch ((int) (tag >>> 3)) {
                case TEXT -> text = StandardCharsets.UTF_8.decode(slice(fields)).toString();
                case SCORE -> score = fields.getFloat();
                case KIND -> kind = varint(fields);
                default -> skip(fields, tag);
            }
        }
        if (kind == UNKNOWN) {
            model.put("unk_id", vocabulary.size());
        }
        vocabulary.addArray().add(text).add(score);
    }

    private static void normalizer(ObjectNode json, ByteBuffer fields) {
        while (fields.hasRemaining()) {
            long tag = varint(fields);
            if (tag >>> 3 != CHARACTERS) {
                skip(fields, tag);
                continue;
            }
            ByteBuffer table = slice(fields);
            if (table.hasRemaining()) {
                byte[] bytes = new byte[table.remaining()];
                table.get(bytes);
                ((ArrayNode) json.at("/normalizer/normalizers"))
                        .insertObject(0)
                        .put("type", "Precompiled")
                        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(bytes));
            }
        }
    }

    /** The tokens for the end of a text, padding and what is unknown are not made of letters. */
    private static void special(ObjectNode json, ArrayNode vocabulary) throws IOException {
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.get(id).get(0).asText();
            if (List.of("</s>", "<pad>", "<unk>").contains(token) || token.startsWith("<extra_id_")) {
                json.withArray("added_tokens")
                        .addObject()
                        .put("id", id)
                        .put("content", token)
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", true);
            }
            if (token.equals("</s>")) {
                ObjectNode end = ((ObjectNode) json.get("post_processor"))
                        .putObject("special_tokens")
                        .putObject(token);
                end.put("id", token).putArray("ids").add(id);
                end.putArray("tokens").add(token);
            }
        }
        if (!json.at("/post_processor/special_tokens").isObject()) {
            throw new IOException("spiece.model has no token </s>");
        }
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static ByteBuffer slice(ByteBuffer bytes) {
        int length = (int) varint(bytes);
        ByteBuffer slice = bytes.slice(bytes.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(bytes.position() + length);
        return slice;
    }

    private static void skip(ByteBuffer bytes, long tag) {
        switch ((int) (tag & 7)) {
            case 0 -> varint(bytes);
            case 1 -> bytes.position(bytes.position() + 8);
            case 2 -> slice(bytes);
            case 5 -> bytes.position(bytes.position() + 4);
            default -> throw new IllegalArgumentException("wire type of tag " + tag);
        }
    }
}
