package io.ruido.pipeline.text;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/**
 * T5's vocabulary as older folders keep it, {@code spiece.model}, in the form of {@code tokenizer.json}: a unigram
 * model (Kudo, 2018). The file is a protocol buffer: pieces with their scores in field 1, the normalizer's table in
 * field 3.
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
    static ObjectNode tokenizer(Path file, int extraIds) throws IOException {
        var json = (ObjectNode) JSON.readTree(TEMPLATE);
        var model = (ObjectNode) json.get("model");
        ArrayNode vocabulary = model.putArray("vocab");
        try {
            read(json, model, vocabulary, CodedInputStream.newInstance(Files.readAllBytes(file)));
        } catch (InvalidProtocolBufferException e) {
            throw new IOException(file + " is truncated or not a SentencePiece model", e);
        }
        for (int i = extraIds - 1; i >= 0; i--) {
            vocabulary.addArray().add("<extra_id_" + i + ">").add(0.0);
        }
        special(json, vocabulary);
        return json;
    }

    private static void read(ObjectNode json, ObjectNode model, ArrayNode vocabulary, CodedInputStream file)
            throws IOException {
        for (int tag = file.readTag(); tag != 0; tag = file.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case PIECES -> piece(model, vocabulary, CodedInputStream.newInstance(file.readByteArray()));
                case NORMALIZER -> normalizer(json, CodedInputStream.newInstance(file.readByteArray()));
                default -> file.skipField(tag);
            }
        }
    }

    private static void piece(ObjectNode model, ArrayNode vocabulary, CodedInputStream fields) throws IOException {
        String text = "";
        double score = 0;
        int kind = 1;
        for (int tag = fields.readTag(); tag != 0; tag = fields.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case TEXT -> text = fields.readString();
                case SCORE -> score = fields.readFloat();
                case KIND -> kind = fields.readEnum();
                default -> fields.skipField(tag);
            }
        }
        if (kind == UNKNOWN) {
            model.put("unk_id", vocabulary.size());
        }
        vocabulary.addArray().add(text).add(score);
    }

    private static void normalizer(ObjectNode json, CodedInputStream fields) throws IOException {
        for (int tag = fields.readTag(); tag != 0; tag = fields.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) != CHARACTERS) {
                fields.skipField(tag);
                continue;
            }
            byte[] table = fields.readByteArray();
            if (table.length > 0) {
                ((ArrayNode) json.at("/normalizer/normalizers"))
                        .insertObject(0)
                        .put("type", "Precompiled")
                        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(table));
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
}
