package io.ruido.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.job.Output;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageEncoderTest {
    private static final int MANY = 1_000_000;
    private static final String PARAMETERS = "ein Apfel, 苹果 🍎\nSteps: 20";

    @ParameterizedTest
    @EnumSource(
            value = Output.Format.class,
            names = {"PNG", "JPEG", "WEBP"})
    void thePictureIsReadAgainFromEveryFormatAndIsTheSameFileEveryTime(Output.Format format) throws IOException {
        BufferedImage picture = shades();

        byte[] file = ImageEncoder.write(picture, new Output(format, 95), PARAMETERS);

        ImageFile read = ImageFile.read("file", file, MANY);
        assertThat(read.format().name()).isEqualTo(format.name());
        assertThat(read.image().getWidth()).isEqualTo(48);
        assertThat(read.image().getRGB(40, 20) & 0xff).isBetween(150, 170);
        assertThat(ImageEncoder.write(picture, new Output(format, 95), PARAMETERS))
                .isEqualTo(file);
    }

    @ParameterizedTest
    @EnumSource(
            value = Output.Format.class,
            names = {"JPEG", "WEBP"})
    void aLowerQualityIsASmallerFile(Output.Format format) {
        int low = ImageEncoder.write(noise(), new Output(format, 20), "").length;
        int high = ImageEncoder.write(noise(), new Output(format, 95), "").length;

        assertThat(low).isLessThan(high / 2);
    }

    @Test
    void parametersAreWhereProgramsLookForThem() {
        byte[] png = ImageEncoder.write(shades(), Output.PNG, PARAMETERS);
        byte[] jpeg = ImageEncoder.write(shades(), new Output(Output.Format.JPEG, 90), PARAMETERS);
        byte[] webp = ImageEncoder.write(shades(), new Output(Output.Format.WEBP, 90), PARAMETERS);

        assertThat(new String(PngChunks.find(png, "iTXt").orElseThrow(), StandardCharsets.UTF_8))
                .isEqualTo("parameters\0\0\0\0\0" + PARAMETERS);
        assertThat(utf16(jpeg)).contains(PARAMETERS);
        assertThat(utf16(Webp.find(webp, "EXIF").orElseThrow())).endsWith(PARAMETERS);
    }

    @Test
    void aLongTextIsCutOffWhereAJpegHasNoRoomForIt() throws IOException {
        byte[] jpeg = ImageEncoder.write(shades(), new Output(Output.Format.JPEG, 90), "x".repeat(100_000));

        assertThat(ImageIO.read(new ByteArrayInputStream(jpeg)).getWidth()).isEqualTo(48);
        assertThat(utf16(jpeg)).contains("x".repeat(32_000)).doesNotContain("x".repeat(33_000));
    }

    /** The text in a file, wherever it begins. */
    private static String utf16(byte[] bytes) {
        int start = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("UNICODE\0") + 8;
        return new String(bytes, start, bytes.length - start, StandardCharsets.UTF_16BE);
    }

    private static BufferedImage shades() {
        BufferedImage picture = new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 48 * 32; i++) {
            picture.setRGB(i % 48, i / 48, i % 48 * 4 * 0x010101);
        }
        return picture;
    }

    private static BufferedImage noise() {
        BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64 * 64; i++) {
            picture.setRGB(i % 64, i / 64, Integer.hashCode(i * 0x9e3779b9) >>> 8);
        }
        return picture;
    }
}
