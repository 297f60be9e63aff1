package io.ruido.image;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import javax.imageio.ImageReader;
import org.w3c.dom.Element;

/** Places the first frame of a GIF, which can be smaller than the image (GIF 89a, §20). */
final class Frame {
    private static final String METADATA = "javax_imageio_gif_image_1.0";

    private Frame() {}

    static BufferedImage onScreen(ImageReader reader, BufferedImage frame, int width, int height) throws IOException {
        Element root = (Element) reader.getImageMetadata(0).getAsTree(METADATA);
        Element descriptor =
                (Element) root.getElementsByTagName("ImageDescriptor").item(0);
        int left = Integer.parseInt(descriptor.getAttribute("imageLeftPosition"));
        int top = Integer.parseInt(descriptor.getAttribute("imageTopPosition"));
        if (left == 0 && top == 0 && frame.getWidth() >= width && frame.getHeight() >= height) {
            return frame;
        }
        BufferedImage screen = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = screen.createGraphics();
        graphics.drawImage(frame, left, top, null);
        graphics.dispose();
        return screen;
    }
}
