package io.ruido.standalone.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.standalone.Ruido;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmojiCommandTest {
    /** 4×4 pixels. */
    private static final byte[] WEBP =
            Base64.getDecoder().decode("UklGRh4AAABXRUJQVlA4TBEAAAAvA8AAEA8Q8x/zH4x5iOh/DAA=");

    @TempDir
    Path folder;

    private Path images;
    private Path labels;
    private Path keywords;

    @BeforeEach
    void pack() throws IOException {
        images = tarball("pictures.tgz", "package/assets/1f34e.webp", WEBP);
        labels = tarball("labels.tgz", "package/en/data.json", utf8("""
                [{"label": "red apple", "hexcode": "1F34E", "emoji": "🍎", "tags": ["fruit"]}]"""));
        keywords = tarball("keywords.tgz", "package/dist/emoji-en-US.json", utf8("""
                {"🍎": ["health_food"]}"""));
    }

    @Test
    void tarballsBecomeAFolderToTrainOn() {
        assertThat(emoji(images, labels, keywords, "2")).isZero();
        assertThat(folder.resolve("out/1f34e.png")).isNotEmptyFile();
        assertThat(folder.resolve("out/metadata.jsonl")).hasContent("""
                {"file_name":"1f34e.png","text":"red apple","tags":["fruit","health food"]}""");
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "no tarball");
        assertThat(complaint(images, labels, folder.resolve("absent.tgz"), "2"))
                .contains("absent.tgz: tarball not found");
        assertThat(complaint(images, text, keywords, "2")).contains("notes.txt: not a tarball");
        assertThat(complaint(images, keywords, labels, "2")).contains("keywords.tgz: has no package/en/data.json");
        assertThat(complaint(labels, labels, keywords, "2")).contains("labels.tgz: has no image of an emoji");
        assertThat(complaint(images, labels, keywords, "0")).contains("size must be from 2 to 1024, was 0");
        assertThat(complaint(images, labels, keywords, "big")).contains("--size", "big");
    }

    private int emoji(Path someImages, Path someLabels, Path someKeywords, String size) {
        return Ruido.run(
                "data", "emoji",
                "--pictures", someImages.toString(),
                "--labels", someLabels.toString(),
                "--keywords", someKeywords.toString(),
                "--size", size,
                "--out", folder.resolve("out").toString());
    }

    private String complaint(Path someImages, Path someLabels, Path someKeywords, String size) {
        PrintStream standard = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
        try {
            assertThat(emoji(someImages, someLabels, someKeywords, size)).isNotZero();
        } finally {
            System.setErr(standard);
        }
        return written.toString(StandardCharsets.UTF_8);
    }

    private Path tarball(String name, String entry, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(file)))) {
            var header = new TarArchiveEntry(entry);
            header.setSize(content.length);
            tar.putArchiveEntry(header);
            tar.write(content);
            tar.closeArchiveEntry();
        }
        return file;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
