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

/** Images in rows, each over its caption. */
public final class ContactSheet {
    private static final int CAPTION = 18;
    private static final int LONGEST = 20;
    private static final int ROW_NAME = 90;

    private ContactSheet() {}

    /** Writes a PNG of images that have one size, so many in a row. */
    public static void write(Path file, List<RgbImage> images, List<String> captions, int columns) throws IOException {
        write(file, images, captions, List.of(), columns);
    }

    /**
     * Writes a PNG of images of one size.
     *
     * @param rows names at the left of the rows, or none
     */
    public static void write(Path file, List<RgbImage> images, List<String> captions, List<String> rows, int columns)
            throws IOException {
        int width = images.getFirst().width(), height = images.getFirst().height() + CAPTION;
        int margin = rows.isEmpty() ? 0 : ROW_NAME;
        var sheet = new BufferedImage(
                margin + columns * width, Math.ceilDiv(images.size(), columns) * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = sheet.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        g.setColor(Color.DARK_GRAY);
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        for (int i = 0; i < images.size(); i++) {
            int left = margin + i % columns * width, top = i / columns * height;
            g.drawImage(images.get(i).toBufferedImage(), left, top, null);
            g.drawString(cut(captions.get(i)), left + 4, top + height - 5);
        }
        g.setFont(g.getFont().deriveFont(Font.BOLD));
        for (int i = 0; i < rows.size(); i++) {
            g.drawString(rows.get(i), 4, i * height + height / 2);
        }
        g.dispose();
        ImageIO.write(sheet, "png", file.toFile());
    }

    private static String cut(String caption) {
        return caption.length() <= LONGEST ? caption : caption.substring(0, LONGEST - 1) + "…";
    }
}
