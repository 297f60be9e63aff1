package io.ruido.train.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/** Pictures with captions: a folder with {@code metadata.jsonl}, as Hugging Face's imagefolder. */
public final class ImageFolder {
    public static final String METADATA = "metadata.jsonl";

    /**
     * One picture or clip.
     *
     * @param tags further words beside the label
     * @param planes {@code 3·size·size} bytes for each frame, channel by channel
     */
    public record Picture(String file, String label, List<String> tags, byte[] planes) {}

    /** Pictures with sides of that many pixels. */
    public record Sized(int side, List<Picture> pictures) {}

    private ImageFolder() {}

    /** Reads all pictures, cut to a centred square and resized to {@code size}, in the order of the metadata. */
    public static List<Picture> read(Path folder, int size) throws IOException {
        return read(folder, (image, _) -> Pictures.planes(Pictures.square(image, size)));
    }

    /**
     * The same for clips, each a file with its frames from left to right, whose number is {@code frames} in the
     * metadata. The result has all frames, one after the other.
     */
    public static List<Picture> readClips(Path folder, int size) throws IOException {
        return read(folder, (image, row) -> {
            int frames = row.path("frames").asInt(1);
            int plane = 3 * size * size;
            if (frames < 1 || image.getWidth() % frames != 0) {
                throw new IOException("%s: frames must divide the width of %s, %d, was %s"
                        .formatted(METADATA, row.path("file_name").asText(), image.getWidth(), row.path("frames")));
            }
            int width = image.getWidth() / frames;
            byte[] planes = new byte[frames * plane];
            for (int i = 0; i < frames; i++) {
                var frame = image.getSubimage(i * width, 0, width, image.getHeight());
                System.arraycopy(Pictures.planes(Pictures.square(frame, size)), 0, planes, i * plane, plane);
            }
            return planes;
        });
    }

    private interface Planes {
        byte[] of(BufferedImage image, JsonNode row) throws IOException;
    }

    private static List<Picture> read(Path folder, Planes planes) throws IOException {
        Path metadata = folder.resolve(METADATA);
        if (!Files.isReadable(metadata)) {
            throw new IOException(metadata + ": not found; each line of it names an image and its caption, "
                    + "{\"file_name\": \"cat.png\", \"text\": \"a cat\"}");
        }
        List<Picture> pictures = new ArrayList<>();
        JsonMapper json = new JsonMapper();
        for (String line : Files.readAllLines(metadata)) {
            if (!line.isBlank()) {
                pictures.add(picture(folder, json.readTree(line), planes));
            }
        }
        if (pictures.isEmpty()) {
            throw new IOException(metadata + ": names no image");
        }
        return List.copyOf(pictures);
    }

    private static Picture picture(Path folder, JsonNode row, Planes planes) throws IOException {
        String file = row.path("file_name").asText();
        try (var in = Files.newInputStream(folder.resolve(file))) {
            byte[] bytes = planes.of(Pictures.readOnWhite(in, file), row);
            List<String> tags = new ArrayList<>();
            row.path("tags").forEach(tag -> tags.add(tag.asText()));
            return new Picture(file, row.path("text").asText(), List.copyOf(tags), bytes);
        }
    }

    /** The same {@code count} pictures every time, whatever their order: those whose hashed name comes first. */
    public static List<Picture> heldOut(List<Picture> pictures, int count) {
        return pictures.stream()
                .sorted(Comparator.comparing(p -> DigestUtils.sha256Hex(p.file())))
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
            throw new IllegalArgumentException("denoiser.labels: no image has the label " + String.join(", ", missing));
        }
        Set<String> wanted = Set.copyOf(labels);
        return labels.isEmpty()
                ? pictures
                : pictures.stream().filter(p -> wanted.contains(p.label())).toList();
    }
}
