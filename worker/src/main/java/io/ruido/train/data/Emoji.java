package io.ruido.train.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Makes a training folder of the emoji in three npm tarballs: pictures of {@code @lobehub/fluent-emoji-3d}, labels and
 * tags of {@code emojibase-data}, keywords of {@code emojilib}. Skin-tone variants are left out.
 */
public final class Emoji {
    private static final Pattern WORDS = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} '’-]*");
    private static final int SMALLEST = 2;
    private static final int LARGEST = 1024;
    private static final JsonMapper JSON = new JsonMapper();

    private Emoji() {}

    /** Tarballs as {@code npm pack} writes them. */
    public record Sources(Path pictures, Path labels, Path keywords) {
        public Sources {
            for (Path tarball : List.of(pictures, labels, keywords)) {
                if (!Files.isReadable(tarball)) {
                    throw new IllegalArgumentException(tarball + ": no such tarball");
                }
            }
        }
    }

    private record Caption(String label, Set<String> tags) {}

    /**
     * Writes {@code size}×{@code size} PNG files on white and their {@code metadata.jsonl} (Hugging Face's imagefolder
     * layout, with {@code text} for the label and {@code tags}).
     *
     * @return how many pictures were written
     * @throws IOException naming the tarball that is not what it should be
     */
    public static int prepare(Sources sources, int size, Path folder) throws IOException {
        if (size < SMALLEST || size > LARGEST) {
            throw new IllegalArgumentException("size must be from %d to %d, was %d".formatted(SMALLEST, LARGEST, size));
        }
        Map<String, Caption> captions = captions(sources);
        Files.createDirectories(folder);
        Map<String, String> rows = new TreeMap<>();
        forEachEntry(sources.pictures(), "webp", (name, bytes) -> {
            String code = plain(name.substring(name.lastIndexOf('/') + 1, name.lastIndexOf('.')));
            Caption caption = captions.get(code);
            if (caption == null || rows.containsKey(code)) {
                return;
            }
            var picture = Pictures.square(Pictures.readOnWhite(new ByteArrayInputStream(bytes), name), size);
            String file = code + ".png";
            ImageIO.write(picture, "png", folder.resolve(file).toFile());
            var row = JSON.createObjectNode().put("file_name", file).put("text", caption.label());
            caption.tags().forEach(row.putArray("tags")::add);
            rows.put(code, row.toString());
        });
        if (rows.isEmpty()) {
            throw new IOException(sources.pictures() + ": has no picture of an emoji in " + sources.labels());
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows.values());
        return rows.size();
    }

    private static Map<String, Caption> captions(Sources sources) throws IOException {
        JsonNode labels = readJson(sources.labels(), "package/en/data.json");
        JsonNode keywords = readJson(sources.keywords(), "package/dist/emoji-en-US.json");
        Map<String, JsonNode> keywordsOf = new HashMap<>();
        keywords.properties().forEach(e -> keywordsOf.put(withoutSelector(e.getKey()), e.getValue()));
        Map<String, Caption> captions = new HashMap<>();
        for (JsonNode emoji : labels) {
            String label = emoji.get("label").asText();
            Set<String> tags = new LinkedHashSet<>();
            addAll(tags, emoji.path("tags"));
            addAll(tags, keywordsOf.get(withoutSelector(emoji.get("emoji").asText())));
            tags.remove(label.toLowerCase(Locale.ROOT));
            captions.put(plain(emoji.get("hexcode").asText()), new Caption(label, tags));
        }
        return captions;
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

    private static JsonNode readJson(Path tarball, String wanted) throws IOException {
        JsonNode[] found = new JsonNode[1];
        forEachEntry(tarball, "json", (name, bytes) -> {
            if (name.equals(wanted)) {
                found[0] = JSON.readTree(bytes);
            }
        });
        if (found[0] == null) {
            throw new IOException(tarball + ": has no " + wanted);
        }
        return found[0];
    }

    private interface EntryReader {
        void read(String name, byte[] bytes) throws IOException;
    }

    private static void forEachEntry(Path tarball, String suffix, EntryReader reader) throws IOException {
        try (var file = new BufferedInputStream(Files.newInputStream(tarball));
                var tar = new TarArchiveInputStream(new GZIPInputStream(file))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (entry.isFile() && entry.getName().endsWith("." + suffix)) {
                    reader.read(entry.getName(), tar.readAllBytes());
                }
            }
        } catch (ZipException e) {
            throw new IOException(tarball + ": is no tarball as npm pack writes it, " + e.getMessage(), e);
        }
    }
}
