package io.ruido.clip;

import java.awt.AlphaComposite;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Reads the frames of an animated WebP file (RFC 9649, §2.7.1). In the file, a frame is a part of the canvas, which is
 * blended over the previous frames or replaces them. The frames returned here are complete.
 */
public final class AnimatedWebp {
    private static final int HEADER = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;
    private static final int MOST_PIXELS = 1 << 24;
    private static final int DISPOSE = 1;
    private static final int REPLACE = 2;
    private static final int ALPHA = 0x10;

    /**
     * One frame.
     *
     * @param image complete canvas, with alpha
     * @param milliseconds duration
     */
    public record Frame(BufferedImage image, int milliseconds) {}

    /** A part of the canvas and its place. */
    private record Part(int x, int y, int width, int height, int milliseconds, int flags, ByteBuffer chunks) {}

    private AnimatedWebp() {}

    /** Returns whether a WebP file has more than one frame. */
    public static boolean isAnimated(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int frames = 0;
        for (int at = HEADER; at + CHUNK_HEADER <= file.length && frames < 2; ) {
            frames += name(bytes, at).equals("ANMF") ? 1 : 0;
            long size = Integer.toUnsignedLong(bytes.getInt(at + 4));
            at = (int) Math.min(file.length, at + CHUNK_HEADER + size + size % 2);
        }
        return frames > 1;
    }

    /**
     * Reads all frames.
     *
     * @throws IOException saying what is wrong with the file
     */
    public static List<Frame> read(byte[] file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        BufferedImage canvas = null;
        List<Frame> frames = new ArrayList<>();
        for (int at = HEADER; at + CHUNK_HEADER <= file.length; ) {
            int size = bytes.getInt(at + 4);
            int data = at + CHUNK_HEADER;
            if (size < 0 || size > file.length - data) {
                throw new IOException("a chunk of %d bytes is cut off at byte %d".formatted(size, file.length));
            }
            ByteBuffer chunk = bytes.slice(data, size).order(ByteOrder.LITTLE_ENDIAN);
            switch (name(bytes, at)) {
                case "VP8X" -> canvas = canvas(chunk);
                case "ANMF" -> {
                    if (canvas == null) {
                        throw new IOException("a frame comes before the size of the canvas");
                    }
                    frames.add(draw(part(chunk), canvas));
                }
                default -> {}
            }
            at = data + size + size % 2;
        }
        if (frames.isEmpty()) {
            throw new IOException("not an animated WebP: it has no frame");
        }
        return frames;
    }

    private static BufferedImage canvas(ByteBuffer chunk) throws IOException {
        int width = 1 + number24(chunk, 4);
        int height = 1 + number24(chunk, 7);
        if ((long) width * height > MOST_PIXELS) {
            throw new IOException("the canvas of %d×%d pixels is larger than %d".formatted(width, height, MOST_PIXELS));
        }
        return new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    }

    private static Part part(ByteBuffer chunk) {
        return new Part(
                2 * number24(chunk, 0),
                2 * number24(chunk, 3),
                1 + number24(chunk, 6),
                1 + number24(chunk, 9),
                number24(chunk, 12),
                chunk.get(15),
                chunk.slice(FRAME_HEADER, chunk.limit() - FRAME_HEADER));
    }

    /** Draws the part, copies the canvas, and clears the part if it must not be visible in the next frame. */
    private static Frame draw(Part part, BufferedImage canvas) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(still(part)));
        if (image == null) {
            throw new IOException("a frame is not a WebP image");
        }
        Graphics2D graphics = canvas.createGraphics();
        graphics.setComposite((part.flags & REPLACE) != 0 ? AlphaComposite.Src : AlphaComposite.SrcOver);
        graphics.drawImage(image, part.x, part.y, null);
        BufferedImage copy = new BufferedImage(canvas.getWidth(), canvas.getHeight(), BufferedImage.TYPE_INT_ARGB);
        canvas.copyData(copy.getRaster());
        if ((part.flags & DISPOSE) != 0) {
            graphics.setComposite(AlphaComposite.Clear);
            graphics.fillRect(part.x, part.y, part.width, part.height);
        }
        graphics.dispose();
        return new Frame(copy, part.milliseconds);
    }

    /** Returns a still WebP file with the chunks of one frame. */
    private static byte[] still(Part part) {
        boolean extended = name(part.chunks, 0).equals("ALPH");
        int size = HEADER + (extended ? CHUNK_HEADER + 10 : 0) + part.chunks.limit();
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(size - CHUNK_HEADER).put(ascii("WEBP"));
        if (extended) {
            file.put(ascii("VP8X")).putInt(10).putInt(ALPHA);
            put24(file, part.width - 1);
            put24(file, part.height - 1);
        }
        return file.put(part.chunks.duplicate()).array();
    }

    private static void put24(ByteBuffer file, int value) {
        file.putShort((short) value).put((byte) (value >> 16));
    }

    private static int number24(ByteBuffer chunk, int at) {
        return chunk.getShort(at) & 0xffff | (chunk.get(at + 2) & 0xff) << 16;
    }

    private static String name(ByteBuffer bytes, int at) {
        byte[] name = new byte[4];
        bytes.get(at, name);
        return new String(name, StandardCharsets.US_ASCII);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
