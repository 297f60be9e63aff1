package io.ruido.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.Output;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ClipEncoderTest {
    private static final int WIDTH = 64;
    private static final int HEIGHT = 48;
    private static final String PARAMETERS = "ein Apfel, größer 🍎\nSteps: 20, Seed: 7";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(ClipFormat.class)
    void whatIsReadAgainIsTheClipThatWasWritten(ClipFormat format) throws IOException {
        ClipReader.Clip clip = read(format, encode(format, 9));

        assertThat(clip.frames()).hasSize(9);
        assertThat(clip.width()).isEqualTo(WIDTH);
        assertThat(clip.height()).isEqualTo(HEIGHT);
        assertThat(clip.framesPerSecond()).isEqualTo(8);
        for (int i = 0; i < 9; i++) {
            assertThat(meanDifference(frame(i), clip.frames().get(i)))
                    .as("frame %d", i)
                    .isLessThan(8);
        }
        assertThat(meanDifference(frame(0), clip.frames().get(8)))
                .as("frames that differ")
                .isGreaterThan(15);
    }

    @ParameterizedTest
    @EnumSource(ClipFormat.class)
    void theSameFramesGiveTheSameBytes(ClipFormat format) throws IOException {
        assertThat(encode(format, 9)).isEqualTo(encode(format, 9));
    }

    @ParameterizedTest
    @EnumSource(ClipFormat.class)
    void oneFrameIsAClip(ClipFormat format) throws IOException {
        byte[] file = encode(format, 1);

        assertThat(read(format, file).frames()).hasSize(1);
        assertThat(text(file, format)).contains(PARAMETERS);
    }

    @ParameterizedTest
    @EnumSource(ClipFormat.class)
    void theFileTellsWhatItWasMadeFrom(ClipFormat format) throws IOException {
        byte[] file = encode(format, 9);

        assertThat(text(file, format)).contains(PARAMETERS);
        if (format != ClipFormat.WEBP) {
            assertThat(read(format, file).comment()).isEqualTo(PARAMETERS);
        }
    }

    @ParameterizedTest
    @CsvSource({"WEBM", "WEBP"})
    void lessQualityTakesFewerBytes(ClipFormat format) throws IOException {
        assertThat(encode(format, 9, 30).length).isLessThan(encode(format, 9, 95).length);
    }

    @Test
    void theIndexOfAnMp4IsBeforeItsPictures() throws IOException {
        String file = new String(encode(ClipFormat.MP4, 9), StandardCharsets.ISO_8859_1);

        assertThat(file.indexOf("moov")).isPositive().isLessThan(file.indexOf("mdat"));
    }

    @ParameterizedTest
    @CsvSource({"MP4, 63, 48, width", "WEBM, 64, 47, height"})
    void oddSidesAreRefusedWhereColoursAreSharedByFourPixels(ClipFormat format, int width, int height, String side) {
        assertThatThrownBy(() -> new ClipEncoder(format, width, height, 8, 90, ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("even sides")
                .hasMessageContaining(side)
                .hasMessageContaining("%d and %d".formatted(width, height));
    }

    @Test
    void anUnknownFormatIsRefusedByName() {
        assertThatThrownBy(() -> ClipFormat.of(Output.Format.PNG))
                .hasMessage("outputFormat must be one of mp4, webm, webp, was png");
    }

    @Test
    void anEncoderThatIsNotFinishedLeavesNoFile() throws IOException {
        Path file;
        try (ClipEncoder encoder = new ClipEncoder(ClipFormat.MP4, WIDTH, HEIGHT, 8, 90, "")) {
            encoder.add(frame(0));
            file = encoder.file();
            assertThat(file).exists();
        }

        assertThat(file).doesNotExist();
    }

    private static byte[] encode(ClipFormat format, int frames) throws IOException {
        return encode(format, frames, 90);
    }

    private static byte[] encode(ClipFormat format, int frames, int quality) throws IOException {
        try (ClipEncoder encoder = new ClipEncoder(format, WIDTH, HEIGHT, 8, quality, PARAMETERS)) {
            for (int i = 0; i < frames; i++) {
                encoder.add(frame(i));
            }
            return encoder.finish();
        }
    }

    /** A red disc that moves over a gradient. */
    private static byte[] frame(int index) {
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                boolean disc = Math.hypot(x - 12 - 4 * index, y - 24) < 10;
                int at = 3 * (y * WIDTH + x);
                rgb[at] = (byte) (disc ? 220 : 120);
                rgb[at + 1] = (byte) (disc ? 30 : 4 * y);
                rgb[at + 2] = (byte) (disc ? 40 : 3 * x);
            }
        }
        return rgb;
    }

    private ClipReader.Clip read(ClipFormat format, byte[] file) throws IOException {
        return ClipReader.read(file, format, folder);
    }

    private static double meanDifference(byte[] expected, byte[] actual) {
        long sum = 0;
        for (int i = 0; i < expected.length; i++) {
            sum += Math.abs((expected[i] & 0xff) - (actual[i] & 0xff));
        }
        return (double) sum / expected.length;
    }

    private static List<String> text(byte[] file, ClipFormat format) {
        List<String> found = new ArrayList<>();
        byte[] wanted =
                PARAMETERS.getBytes(format == ClipFormat.WEBP ? StandardCharsets.UTF_16BE : StandardCharsets.UTF_8);
        String all = new String(file, StandardCharsets.ISO_8859_1);
        if (all.contains(new String(wanted, StandardCharsets.ISO_8859_1))) {
            found.add(PARAMETERS);
        }
        return found;
    }
}
