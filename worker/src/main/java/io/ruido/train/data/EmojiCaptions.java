package io.ruido.train.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Labels and tags of {@code emojibase-data}, with the keywords of {@code emojilib}. Skin-tone variants have none. */
final class EmojiCaptions {
    private static final Pattern WORDS = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} '’-]*");
    private static final JsonMapper JSON = new JsonMapper();

    private record Caption(String label, Set<String> tags) {}

    private final Map<String, Caption> captions = new HashMap<>(); // by code points

    /** @param labels and keywords, tarballs as {@code npm pack} writes them */
    EmojiCaptions(Path labels, Path keywords) throws IOException {
        JsonNode all = new NpmPackage(labels).json("package/en/data.json");
        Map<String, JsonNode> keywordsOf = new HashMap<>();
        new NpmPackage(keywords)
                .json("package/dist/emoji-en-US.json")
                .properties()
                .forEach(e -> keywordsOf.put(withoutSelector(e.getKey()), e.getValue()));
        for (JsonNode emoji : all) {
            String label = emoji.get("label").asText();
            Set<String> tags = new LinkedHashSet<>();
            addAll(tags, emoji.path("tags"));
            addAll(tags, keywordsOf.get(withoutSelector(emoji.get("emoji").asText())));
            tags.remove(label.toLowerCase(Locale.ROOT));
            captions.put(plain(emoji.get("hexcode").asText()), new Caption(label, tags));
        }
    }

    /** The code points of the emoji that a file of a package shows, such as {@code 1f34e} for {@code assets/1f34e.webp}. */
    static String code(String file) {
        return plain(file.substring(file.lastIndexOf('/') + 1, file.lastIndexOf('.')));
    }

    boolean has(String code) {
        return captions.containsKey(code);
    }

    /** A line of {@code metadata.jsonl} for a file; empty for an emoji without a label. */
    Optional<ObjectNode> row(String code, String file) {
        return Optional.ofNullable(captions.get(code)).map(caption -> {
            var row = JSON.createObjectNode().put("file_name", file).put("text", caption.label());
            caption.tags().forEach(row.putArray("tags")::add);
            return row;
        });
    }

    private static void addAll(Set<String> tags, JsonNode words) {
        if (words != null) {
            for (JsonNode word : words) {
                String tag = word.asText().replace('_', ' ').strip().toLowerCase(Locale.ROOT);
                if (WORDS.matcher(tag).matches()) { // leaves out emoticons such as ":D"
                    tags.add(tag);
                }
            }
        }
    }

    /** A code-point name without its variation selectors, which the packages write differently. */
    private static String plain(String code) {
        return code.toLowerCase(Locale.ROOT).replace("-fe0f", "");
    }

    private static String withoutSelector(String emoji) {
        return emoji.replace("\uFE0F", "");
    }
}
