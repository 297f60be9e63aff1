package io.ruido.pipeline.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Texts to the ids of their tokens, as a {@code tokenizer} folder of transformers says. */
public final class Tokenizer implements AutoCloseable {
    static {
        // Where there is a GPU, DJL would fetch tokenizers that were built for it from the network.
        System.setProperty("RUST_FLAVOR", "cpu");
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Extra ids of T5, unless the folder says otherwise. */
    private static final int EXTRA_IDS = 100;

    private static final int MOST_EXTRA_IDS = 10_000;

    /**
     * Some texts, each cut or padded to T tokens.
     *
     * @param ids (B, T)
     * @param mask (B, T): 1 for tokens, 0 for padding
     */
    public record Tokens(long[][] ids, long[][] mask) {}

    private final HuggingFaceTokenizer tokenizer;
    private final int length;
    private final long padding;
    private final UnaryOperator<String> cleaner;
    private final long[] begin;
    private final long[] end;

    private Tokenizer(HuggingFaceTokenizer tokenizer, int length, long padding, UnaryOperator<String> cleaner) {
        this.tokenizer = tokenizer;
        this.length = length;
        this.padding = padding;
        this.cleaner = cleaner;
        Encoding letter = tokenizer.encode("a");
        long[] ids = letter.getIds();
        long[] special = letter.getSpecialTokenMask();
        int first = 0;
        while (first < ids.length && special[first] == 1) {
            first++;
        }
        int last = ids.length;
        while (last > first && special[last - 1] == 1) {
            last--;
        }
        begin = Arrays.copyOfRange(ids, 0, first);
        end = Arrays.copyOfRange(ids, last, ids.length);
    }

    /**
     * Reads {@code tokenizer.json}, or what stands for it: CLIP's {@code vocab.json} and {@code merges.txt}, T5's {@code
     * spiece.model}.
     *
     * @param limit greatest number of tokens that the text encoder takes
     */
    public static Tokenizer read(Path folder, int limit) throws IOException {
        JsonNode config = optional(folder.resolve("tokenizer_config.json"));
        long longest = Math.min(limit, config.path("model_max_length").asLong(limit)); // some say 10^30, for no limit
        return read(folder, (int) (longest > 0 ? longest : limit), config);
    }

    /** @param length T, whatever the folder says */
    public static Tokenizer ofLength(Path folder, int length) throws IOException {
        return read(folder, length, optional(folder.resolve("tokenizer_config.json")));
    }

    private static Tokenizer read(Path folder, int length, JsonNode config) throws IOException {
        JsonNode special = optional(folder.resolve("special_tokens_map.json"));
        JsonNode json = json(folder, config, special);
        var bytes = new ByteArrayInputStream(JSON.writeValueAsBytes(json));
        var tokenizer = HuggingFaceTokenizer.newInstance(
                bytes, Map.of("padding", "false", "truncation", "false")); // which encode does
        boolean cleaned = config.path("tokenizer_class").asText().equals("CLIPTokenizer");
        return new Tokenizer(
                tokenizer,
                length,
                padding(json, config, special),
                cleaned ? ClipCleaner::clean : UnaryOperator.identity());
    }

    private static JsonNode json(Path folder, JsonNode config, JsonNode special) throws IOException {
        Path whole = folder.resolve("tokenizer.json");
        if (Files.exists(whole)) {
            return JSON.readTree(whole.toFile());
        }
        Path vocabulary = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (Files.exists(vocabulary) && Files.exists(merges)) {
            ObjectNode json = ClipVocabulary.tokenizer(
                    JSON.readTree(vocabulary.toFile()),
                    Files.readAllLines(merges),
                    token("bos_token", config, special, "<|startoftext|>"),
                    token("eos_token", config, special, "<|endoftext|>"),
                    token("unk_token", config, special, "<|endoftext|>"));
            AddedTokens.read(folder, config).addTo(json);
            return json;
        }
        Path pieces = folder.resolve("spiece.model");
        if (Files.exists(pieces)) {
            ObjectNode json = SentencePiece.tokenizer(pieces, extraIds(folder, config));
            AddedTokens.read(folder, config).addTo(json);
            return json;
        }
        throw new IOException("no tokenizer.json, vocab.json with merges.txt, or spiece.model in " + folder);
    }

    private static int extraIds(Path folder, JsonNode config) throws IOException {
        int count = config.path("extra_ids").asInt(EXTRA_IDS);
        if (count < 0 || count > MOST_EXTRA_IDS) {
            throw new IOException("tokenizer_config.json in %s: extra_ids is %d; supported: 0 to %d"
                    .formatted(folder, count, MOST_EXTRA_IDS));
        }
        return count;
    }

    private static JsonNode optional(Path file) throws IOException {
        return Files.exists(file) ? JSON.readTree(file.toFile()) : MissingNode.getInstance();
    }

    /** A special token, which the two files give as a text or as an object. */
    private static String token(String name, JsonNode config, JsonNode special, String missing) {
        for (JsonNode source : List.of(special, config)) {
            JsonNode token = source.path(name);
            if (token.isTextual() || token.path("content").isTextual()) {
                return token.isTextual()
                        ? token.asText()
                        : token.path("content").asText();
            }
        }
        return missing;
    }

    private static long padding(JsonNode json, JsonNode config, JsonNode special) {
        String token = token("pad_token", config, special, "");
        for (JsonNode added : json.path("added_tokens")) {
            if (added.path("content").asText().equals(token)) {
                return added.path("id").asLong();
            }
        }
        JsonNode vocabulary = json.path("model").path("vocab"); // ids by token, or [token, score] in the order of ids
        if (vocabulary.has(token)) {
            return vocabulary.get(token).asLong();
        }
        for (int i = 0; vocabulary.isArray() && i < vocabulary.size(); i++) {
            if (vocabulary.get(i).path(0).asText().equals(token)) {
                return i;
            }
        }
        return json.path("padding").path("pad_id").asLong(0);
    }

    /** Greatest number of tokens of a text. */
    int length() {
        return length;
    }

    /** The tokens that begin a text. */
    long[] begin() {
        return begin;
    }

    /** The tokens that end a text. */
    long[] end() {
        return end;
    }

    long padding() {
        return padding;
    }

    /** All tokens of a text, without those that begin and end it. */
    long[] tokens(String text) {
        return tokenizer.encode(cleaner.apply(text), false, false).getIds();
    }

    /** The end of a text that does not fit; empty where all of it fits. */
    public Optional<CutOff> cutOff(String text) {
        String clean = cleaner.apply(text);
        Encoding encoding = tokenizer.encode(clean, false, false);
        int count = encoding.getIds().length;
        int room = length - begin.length - end.length;
        if (count <= room) {
            return Optional.empty();
        }
        int from = encoding.getCharTokenSpans()[room].getStart(); // counted in code points
        return Optional.of(new CutOff(
                count - room,
                room,
                clean.substring(clean.offsetByCodePoints(0, from)).strip()));
    }

    public Tokens encode(List<String> texts) {
        return encode(texts, length);
    }

    /** @param size T, at most {@link #length()} */
    public Tokens encode(List<String> texts, int size) {
        long[][] ids = new long[texts.size()][];
        long[][] mask = new long[texts.size()][size];
        for (int i = 0; i < ids.length; i++) {
            long[] tokens = tokenizer.encode(cleaner.apply(texts.get(i))).getIds();
            ids[i] = Arrays.copyOf(tokens, size);
            if (tokens.length > size) {
                System.arraycopy(end, 0, ids[i], size - end.length, end.length);
            }
            int used = Math.min(tokens.length, size);
            Arrays.fill(ids[i], used, size, padding);
            Arrays.fill(mask[i], 0, used, 1);
        }
        return new Tokens(ids, mask);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
