package io.ruido.train.data;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Makes a training folder of the emoji in three npm tarballs: images of {@code @lobehub/fluent-emoji-3d}, labels and
 * tags of {@code emojibase-data}, keywords of {@code emojilib}. Skin-tone variants are left out.
 */
public final class Emoji {
    private static final int SMALLEST = 2;
    private static final int LARGEST = 1024;

    private Emoji() {}

    /** Tarballs as {@code npm pack} writes them. */
    public record Sources(Path images, Path labels, Path keywords) {}

    /**
     * Writes {@code size}×{@code size} PNG files on white and their {@code metadata.jsonl} (Hugging Face's imagefolder
     * layout, with {@code text} for the label and {@code tags}).
     *
     * @return how many images were written
     * @throws IOException naming the tarball that is not what it should be
     */
    public static int prepare(Sources sources, int size, Path folder) throws IOException {
        checkSize(size);
        var images = new NpmPackage(sources.images());
        var captions = new EmojiCaptions(sources.labels(), sources.keywords());
        Files.createDirectories(folder);
        Map<String, String> rows = new TreeMap<>();
        images.forEachEntry("webp", (name, bytes) -> {
            String code = EmojiCaptions.code(name);
            if (!captions.has(code) || rows.containsKey(code)) {
                return;
            }
            var image = Images.square(Images.readOnWhite(new ByteArrayInputStream(bytes), name), size);
            String file = code + ".png";
            ImageIO.write(image, "png", folder.resolve(file).toFile());
            rows.put(code, captions.row(code, file).orElseThrow().toString());
        });
        if (rows.isEmpty()) {
            throw new IOException(sources.images() + ": has no image of an emoji in " + sources.labels());
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows.values());
        return rows.size();
    }

    /** Refuses sides that are too small or too large. */
    static void checkSize(int size) {
        if (size < SMALLEST || size > LARGEST) {
            throw new IllegalArgumentException("size must be from %d to %d, was %d".formatted(SMALLEST, LARGEST, size));
        }
    }
}
