package io.ruido.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.InvalidFieldException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFileTest {
    private static final int MANY = 1_000_000;

    /** One red pixel, made by libwebp. */
    private static final byte[] WEBP = Base64.getDecoder().decode("UklGRhwAAABXRUJQVlA4TA8AAAAvAAAAAAcQ/Y/+ByKi/wEA");

    @Test
    void eachFormatIsKnownByItsBytesAndDecoded() throws IOException {
        BufferedImage picture = picture(BufferedImage.TYPE_INT_RGB, 6, 4);
        picture.setRGB(5, 3, 0x123456);

        ImageFile png = ImageFile.read("body", bytes(picture, "png"), MANY);
        ImageFile jpeg = ImageFile.read("body", bytes(picture, "jpg"), MANY);
        ImageFile webp = ImageFile.read("body", WEBP, MANY);

        assertThat(png.format()).isEqualTo(ImageFile.Format.PNG);
        assertThat(png.image().getRGB(5, 3) & 0xffffff).isEqualTo(0x123456);
        assertThat(jpeg.format()).isEqualTo(ImageFile.Format.JPEG);
        assertThat(jpeg.image().getWidth()).isEqualTo(6);
        assertThat(webp.format()).isEqualTo(ImageFile.Format.WEBP);
        assertThat(webp.image().getWidth()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY, BufferedImage.TYPE_INT_ARGB})
    void aGreyStaysAsDarkAsItIsInTheFile(int type) throws IOException {
        BufferedImage picture = picture(type, 1, 1);
        if (type == BufferedImage.TYPE_INT_ARGB) {
            picture.setRGB(0, 0, 0x40646464);
        } else {
            picture.getRaster().setSample(0, 0, 0, type == BufferedImage.TYPE_BYTE_GRAY ? 100 : 100 << 8);
        }

        ImageFile read = ImageFile.read("body", bytes(picture, "png"), MANY);

        assertThat(read.image().getRGB(0, 0)).isEqualTo(0xff646464);
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 0", "2, 2, 0", "3, 2, 1", "4, 0, 1", "5, 0, 0", "6, 1, 0", "7, 1, 2", "8, 0, 2"})
    void aPhotographIsTurnedUpright(int orientation, int x, int y) throws IOException {
        BufferedImage blocks = picture(BufferedImage.TYPE_INT_RGB, 48, 32);
        blocks.setRGB(0, 0, 16, 16, filled(16 * 16, 0xffffff), 0, 16);

        BufferedImage upright = ImageFile.read("body", withOrientation(bytes(blocks, "jpg"), orientation), MANY)
                .image();

        assertThat(upright.getWidth()).isEqualTo(orientation < 5 ? 48 : 32);
        assertThat(upright.getRGB(16 * x + 8, 16 * y + 8) & 0xff).isGreaterThan(200);
        assertThat(upright.getRGB(upright.getWidth() - 1 - 16 * x - 8, upright.getHeight() - 1 - 16 * y - 8) & 0xff)
                .isLessThan(50);
    }

    @Test
    void whatIsTooLargeIsRefusedByItsHeader() {
        byte[] header = png(30_000, 30_000);

        assertThatThrownBy(() -> ImageFile.read("mask", header, MANY))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessage("mask: must have at most 1000000 pixels (was \"30000×30000 pixels\")");
    }

    @Test
    void aLargePictureInASmallOneIsRefusedToo() {
        ByteBuffer webp = smallWebp(80);
        webp.put("VP8L".getBytes()).putInt(40).put((byte) 0x2f).putInt(0x0fffffff);

        assertThatThrownBy(() -> ImageFile.read("body", webp.array(), MANY))
                .hasMessageStartingWith("body: must have at most 1000000 pixels");
    }

    @Test
    void aLargePictureThatIsCutOffIsRefusedToo() {
        ByteBuffer webp = smallWebp(52);
        webp.put("VP8 ".getBytes()).putInt(14).position(44);
        webp.putShort((short) 0x3fff).putShort((short) 0x3fff);

        assertThatThrownBy(() -> ImageFile.read("body", webp.array(), MANY))
                .hasMessageStartingWith("body: must have at most 1000000 pixels");
    }

    /** A file that says of itself that its picture has one pixel, up to where its frames begin. */
    private static ByteBuffer smallWebp(int bytes) {
        return ByteBuffer.allocate(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes())
                .putInt(bytes - 8)
                .put("WEBPVP8X".getBytes())
                .putInt(10)
                .position(30);
    }

    @Test
    void whatIsNoPictureIsRefused() throws IOException {
        byte[] png = bytes(picture(BufferedImage.TYPE_INT_RGB, 64, 64), "png");
        byte[] gif = bytes(picture(BufferedImage.TYPE_INT_RGB, 4, 4), "gif");

        assertThatThrownBy(() -> ImageFile.read("body", new byte[0], MANY))
                .hasMessage("body: must be a PNG, JPEG or WebP picture (was \"0 bytes\")");
        assertThatThrownBy(() -> ImageFile.read("body", gif, MANY)).hasMessageContaining("must be a PNG");
        assertThatThrownBy(() -> ImageFile.read("body", Arrays.copyOf(png, png.length / 2), MANY))
                .isInstanceOf(InvalidFieldException.class)
                .hasMessageContaining("cannot be decoded");
        assertThatThrownBy(() -> ImageFile.read("body", Arrays.copyOf(WEBP, 20), MANY))
                .isInstanceOf(InvalidFieldException.class);
        assertThatThrownBy(() -> ImageFile.read("body", png(64, 64), MANY)).isInstanceOf(InvalidFieldException.class);
    }

    private static BufferedImage picture(int type, int width, int height) {
        return new BufferedImage(width, height, type);
    }

    private static int[] filled(int count, int value) {
        int[] values = new int[count];
        Arrays.fill(values, value);
        return values;
    }

    private static byte[] bytes(BufferedImage picture, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(picture, format, out)).isTrue();
        return out.toByteArray();
    }

    /** The first chunk of a PNG alone. */
    private static byte[] png(int width, int height) {
        ByteBuffer png = ByteBuffer.allocate(33).putLong(0x89504e470d0a1a0aL).putInt(13);
        png.put("IHDR".getBytes()).putInt(width).putInt(height);
        png.put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(png.array(), 12, 17);
        return png.putInt((int) crc.getValue()).array();
    }

    /** With an Exif segment of one entry after the start of the picture. */
    private static byte[] withOrientation(byte[] jpeg, int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(36).putShort((short) 0xffe1).putShort((short) 34);
        exif.put("Exif\0\0MM".getBytes()).putShort((short) 42).putInt(8).putShort((short) 1);
        exif.putShort((short) 0x112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return ByteBuffer.allocate(jpeg.length + exif.capacity())
                .put(jpeg, 0, 2)
                .put(exif.array())
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }
}
