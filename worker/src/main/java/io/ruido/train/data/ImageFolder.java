package io.ruido.train.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Pictures with captions: a folder with {@code metadata.jsonl}, as Hugging Face's imagefolder. */
public final class ImageFolder {
    public static final String METADATA = "metadata.jsonl";

    /** One picture: its label, further words for it, and {@code 3·size·size} bytes, channel by channel. */
    public record Picture(String file, String label, List<String> tags, byte[] planes) {}

    /** Pictures with sides of that many pixels. */
    public record Sized(int side, List<Picture> pictures) {}

    private ImageFolder() {}

    /** Reads all pictures, cut to a centred square and resized to {@code size}, in the order of the metadata. */
    public static List<Picture> read(Path folder, int size) throws IOException {
        Path metadata = folder.resolve(METADATA);
        if (!Files.isReadable(metadata)) {
            throw new IOException(metadata + ": not found; each line of it names a picture and its caption, "
                    + "{\"file_name\": \"cat.png\", \"text\": \"a cat\"}");
        }
        List<Picture> pictures = new ArrayList<>();
        JsonMapper json = new JsonMapper();
        for (String line : Files.readAllLines(metadata)) {
            if (!line.isBlank()) {
                pictures.add(picture(folder, json.readTree(line), size));
            }
        }
        if (pictures.isEmpty()) {
            throw new IOException(metadata + ": names no picture");
        }
        return List.copyOf(pictures);
    }

    private static Picture picture(Path folder, JsonNode row, int size) throws IOException {
        String file = row.path("file_name").asText();
        try (var in = Files.newInputStream(folder.resolve(file))) {
            byte[] planes = Pictures.planes(Pictures.square(Pictures.readOnWhite(in, file), size));
            List<String> tags = new ArrayList<>();
            row.path("tags").forEach(tag -> tags.add(tag.asText()));
            return new Picture(file, row.path("text").asText(), List.copyOf(tags), planes);
        }
    }

    /** The same {@code count} pictures every time, whatever their order: those whose hashed name comes first. */
    public static List<Picture> heldOut(List<Picture> pictures, int count) {
        return pictures.stream()
                .sorted(Comparator.comparing(p -> sha256(p.file())))
                .limit(count)
                .toList();
    }

    /** All pictures but the held-out ones. */
    public static List<Picture> training(List<Picture> pictures, int heldOut) {
        var out = heldOut(pictures, heldOut);
        Stream<Picture> rest = pictures.stream().filter(p -> !out.contains(p));
        return rest.toList();
    }

    /**
     * The pictures that bear some labels.
     *
     * @param labels none for all pictures
     * @throws IllegalArgumentException naming the labels that no picture bears
     */
    public static List<Picture> labelled(List<Picture> pictures, List<String> labels) {
        Set<String> missing = new LinkedHashSet<>(labels);
        pictures.forEach(picture -> missing.remove(picture.label()));
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("denoiser.labels: no picture bears " + String.join(", ", missing));
        }
        Set<String> wanted = Set.copyOf(labels);
        return labels.isEmpty()
                ? pictures
                : pictures.stream().filter(p -> wanted.contains(p.label())).toList();
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
