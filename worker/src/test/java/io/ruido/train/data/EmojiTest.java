package io.ruido.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmojiTest {
    /** 4×4 pixels: opaque red above, transparent below. */
    private static final byte[] WEBP =
            Base64.getDecoder().decode("UklGRh4AAABXRUJQVlA4TBEAAAAvA8AAEA8Q8x/zH4x5iOh/DAA=");

    @TempDir
    Path folder;

    @Test
    void imagesAreOnWhiteAndCarryTheLabelTagsAndKeywords() throws IOException {
        Path images = tarball(
                "pictures.tgz",
                Map.of(
                        "package/assets/1f34e.webp", WEBP,
                        "package/assets/1f44b-1f3fb.webp", WEBP,
                        "package/assets/00a9.webp", WEBP));
        Path labels = tarball("labels.tgz", Map.of("package/en/data.json", utf8("""
                                [{"label": "red apple", "hexcode": "1F34E-FE0F", "emoji": "🍎",
                                  "tags": ["fruit", "red apple"]}]""")));
        Path keywords = tarball("keywords.tgz", Map.of("package/dist/emoji-en-US.json", utf8("""
                                {"🍎": ["red_apple", "fruit", "health_food", ":)"]}""")));

        int count = Emoji.prepare(new Emoji.Sources(images, labels, keywords), 2, folder.resolve("out"));

        List<ImageFolder.Image> read = ImageFolder.read(folder.resolve("out"), 2);
        assertThat(count).isEqualTo(1);
        assertThat(read).hasSize(1);
        assertThat(read.getFirst().label()).isEqualTo("red apple");
        assertThat(read.getFirst().tags()).containsExactly("fruit", "health food");
        assertThat(read.getFirst().planes()).containsExactly(-1, -1, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1);
    }

    private Path tarball(String name, Map<String, byte[]> entries) throws IOException {
        Path file = folder.resolve(name);
        try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(file)))) {
            for (var entry : entries.entrySet()) {
                var header = new TarArchiveEntry(entry.getKey());
                header.setSize(entry.getValue().length);
                tar.putArchiveEntry(header);
                tar.write(entry.getValue());
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
