package io.ruido.evaluation;

import io.ruido.pipeline.image.RgbImage;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Pictures in rows, each over its caption. */
public final class ContactSheet {
    private static final int CAPTION = 18;
    private static final int LONGEST = 20;

    private ContactSheet() {}

    /** Writes a PNG of pictures that have one size, so many in a row. */
    public static void write(Path file, List<RgbImage> pictures, List<String> captions, int columns)
            throws IOException {
        int width = pictures.getFirst().width(), height = pictures.getFirst().height() + CAPTION;
        int rows = Math.ceilDiv(pictures.size(), columns);
        var sheet = new BufferedImage(columns * width, rows * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setColor(Color.DARK_GRAY);
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        for (int i = 0; i < pictures.size(); i++) {
            int left = i % columns * width, top = i / columns * height;
            draw(pictures.get(i), sheet, left, top);
            g.drawString(cut(captions.get(i)), left + 4, top + height - 5);
        }
        g.dispose();
        ImageIO.write(sheet, "png", file.toFile());
    }

    private static void draw(RgbImage picture, BufferedImage sheet, int left, int top) {
        byte[] rgb = picture.rgb();
        for (int i = 0; i < picture.width() * picture.height(); i++) {
            int colour = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
            sheet.setRGB(left + i % picture.width(), top + i / picture.width(), colour);
        }
    }

    private static String cut(String caption) {
        return caption.length() <= LONGEST ? caption : caption.substring(0, LONGEST - 1) + "…";
    }
}
