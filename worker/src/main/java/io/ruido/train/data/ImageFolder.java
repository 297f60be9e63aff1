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

/** A folder of images with captions in {@code metadata.jsonl}, in the format of Hugging Face's imagefolder. */
public final class ImageFolder {
    public static final String METADATA = "metadata.jsonl";

    /**
     * One image or clip.
     *
     * @param tags further words
     * @param planes {@code 3·size·size} bytes for each frame, channel by channel
     */
    public record Image(String file, String label, List<String> tags, byte[] planes) {}

    /** Images of one size. */
    public record Sized(int side, List<Image> images) {}

    private ImageFolder() {}

    /** Reads all images, cut to a centred square and resized to {@code size}, in the order of the metadata. */
    public static List<Image> read(Path folder, int size) throws IOException {
        return read(folder, (image, _) -> Images.planes(Images.square(image, size)));
    }

    /**
     * Reads clips. Each is a file with its frames from left to right; their number is {@code frames} in the metadata.
     * The result has all frames, one after the other.
     */
    public static List<Image> readClips(Path folder, int size) throws IOException {
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
                System.arraycopy(Images.planes(Images.square(frame, size)), 0, planes, i * plane, plane);
            }
            return planes;
        });
    }

    private interface Planes {
        byte[] of(BufferedImage image, JsonNode row) throws IOException;
    }

    private static List<Image> read(Path folder, Planes planes) throws IOException {
        Path metadata = folder.resolve(METADATA);
        if (!Files.isReadable(metadata)) {
            throw new IOException(metadata + ": not found; each line of it names an image and its caption, "
                    + "{\"file_name\": \"cat.png\", \"text\": \"a cat\"}");
        }
        List<Image> images = new ArrayList<>();
        JsonMapper json = new JsonMapper();
        for (String line : Files.readAllLines(metadata)) {
            if (!line.isBlank()) {
                images.add(image(folder, json.readTree(line), planes));
            }
        }
        if (images.isEmpty()) {
            throw new IOException(metadata + ": names no image");
        }
        return List.copyOf(images);
    }

    private static Image image(Path folder, JsonNode row, Planes planes) throws IOException {
        String file = row.path("file_name").asText();
        try (var in = Files.newInputStream(folder.resolve(file))) {
            byte[] bytes = planes.of(Images.readOnWhite(in, file), row);
            List<String> tags = new ArrayList<>();
            row.path("tags").forEach(tag -> tags.add(tag.asText()));
            return new Image(file, row.path("text").asText(), List.copyOf(tags), bytes);
        }
    }

    /** Returns the {@code count} images whose hashed names come first, so that they do not depend on the order. */
    public static List<Image> heldOut(List<Image> images, int count) {
        return images.stream()
                .sorted(Comparator.comparing(p -> DigestUtils.sha256Hex(p.file())))
                .limit(count)
                .toList();
    }

    /** Returns all images except for the held-out ones. */
    public static List<Image> training(List<Image> images, int heldOut) {
        var out = heldOut(images, heldOut);
        Stream<Image> rest = images.stream().filter(p -> !out.contains(p));
        return rest.toList();
    }

    /**
     * Returns the images with some labels.
     *
     * @param labels none for all images
     * @throws IllegalArgumentException naming the labels that no image has
     */
    public static List<Image> labelled(List<Image> images, List<String> labels) {
        Set<String> missing = new LinkedHashSet<>(labels);
        images.forEach(image -> missing.remove(image.label()));
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("denoiser.labels: no image has the label " + String.join(", ", missing));
        }
        Set<String> wanted = Set.copyOf(labels);
        return labels.isEmpty()
                ? images
                : images.stream().filter(p -> wanted.contains(p.label())).toList();
    }
}
