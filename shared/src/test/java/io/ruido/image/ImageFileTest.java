package io.ruido.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ruido.job.InvalidFieldException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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

    static Stream<Path> kinds() throws IOException, URISyntaxException {
        Path folder = Path.of(ImageFileTest.class.getResource("kinds/rgb.jpg").toURI())
                .getParent();
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.toString().endsWith(".expected.png")).sorted().toList().stream();
        }
    }

    /** Made by {@code make_pictures.py}, with what Pillow and littleCMS make of each. */
    @ParameterizedTest
    @MethodSource("kinds")
    void eachKindOfPictureLooksAsInOtherPrograms(Path file) throws IOException {
        BufferedImage expected = ImageIO.read(Path.of(file + ".expected.png").toFile());

        BufferedImage image =
                ImageFile.read("body", Files.readAllBytes(file), MANY).image();

        assertThat(image.getWidth()).isEqualTo(expected.getWidth());
        assertThat(image.getHeight()).isEqualTo(expected.getHeight());
        assertThat(greatestDifference(image, expected)).isLessThanOrEqualTo(2);
    }

    private static int greatestDifference(BufferedImage a, BufferedImage b) {
        return IntStream.range(0, a.getWidth() * a.getHeight())
                .flatMap(i -> {
                    int x = i % a.getWidth();
                    int y = i / a.getWidth();
                    return IntStream.of(0, 8, 16)
                            .map(bits -> Math.abs((a.getRGB(x, y) >> bits & 0xff) - (b.getRGB(x, y) >> bits & 0xff)));
                })
                .max()
                .orElseThrow();
    }

    @Test
    void aFrameThatIsSmallerThanItsGifStaysInItsPlace() {
        byte[] gif = HexFormat.of()
                .parseHex("474946383961" + "0400030080000000000000ff00" + "2c020001000100010000" + "02024c01003b");

        BufferedImage image = ImageFile.read("body", gif, MANY).image();

        assertThat(image.getWidth()).isEqualTo(4);
        assertThat(image.getHeight()).isEqualTo(3);
        assertThat(image.getRGB(2, 1)).isEqualTo(0xff00ff00);
        assertThat(image.getRGB(1, 1)).isEqualTo(0xff000000);
    }

    @Test
    void transparencyIsTurnedUprightAsThePictureIs() throws IOException {
        BufferedImage half = picture(BufferedImage.TYPE_INT_ARGB, 2, 1);
        half.setRGB(0, 0, 0xff112233);

        assertThat(ImageFile.transparency(
                        "mask", bytes(picture(BufferedImage.TYPE_INT_RGB, 2, 1), "png"), MANY, () -> false))
                .isEmpty();
        BufferedImage upright = ImageFile.transparency("mask", withOrientation6(bytes(half, "png")), MANY, () -> false)
                .orElseThrow();

        assertThat(upright.getWidth()).isEqualTo(1);
        assertThat(upright.getRaster().getSample(0, 0, 0)).isZero();
        assertThat(upright.getRaster().getSample(0, 1, 0)).isEqualTo(255);
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
        byte[] avif = "\0\0\0\34ftypavif\0\0\0\0".getBytes();

        assertThatThrownBy(() -> ImageFile.read("body", new byte[0], MANY))
                .hasMessage("body: must be an image in the format PNG, JPEG, WebP, GIF, BMP or TIFF (was \"0 bytes\")");
        assertThatThrownBy(() -> ImageFile.read("body", avif, MANY)).hasMessageEndingWith("(was \"AVIF\")");
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

    /** With a chunk of Exif data after the header. */
    private static byte[] withOrientation6(byte[] png) {
        ByteBuffer chunk = ByteBuffer.allocate(38)
                .putInt(26)
                .put("eXIfMM".getBytes())
                .putShort((short) 42)
                .putInt(8);
        chunk.putShort((short) 1)
                .putShort((short) 0x112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) 6);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 30);
        chunk.putInt(34, (int) crc.getValue());
        int header = 33;
        return ByteBuffer.allocate(png.length + chunk.capacity())
                .put(png, 0, header)
                .put(chunk.array())
                .put(png, header, png.length - header)
                .array();
    }
}
