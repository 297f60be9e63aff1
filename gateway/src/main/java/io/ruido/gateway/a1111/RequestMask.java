package io.ruido.gateway.a1111;

import io.ruido.gateway.uploads.Uploads;
import java.awt.image.BufferedImage;
import java.util.function.Function;

/** A mask as the client sent it, in base64. It is decoded once, by the first task that needs it; tasks follow each other. */
final class RequestMask {
    private final Function<byte[], BufferedImage> reader;
    private String base64;
    private byte[] bytes;
    private BufferedImage image;

    /** @param reader decodes a picture's file */
    RequestMask(String base64, Function<byte[], BufferedImage> reader) {
        this.base64 = base64;
        this.reader = reader;
    }

    /** The file. */
    byte[] bytes() {
        if (bytes == null) {
            bytes = Uploads.decoded(SdParameters.MASK, base64);
            base64 = null;
        }
        return bytes;
    }

    /** The pixels. */
    BufferedImage image() {
        if (image == null) {
            image = reader.apply(bytes());
        }
        return image;
    }
}
