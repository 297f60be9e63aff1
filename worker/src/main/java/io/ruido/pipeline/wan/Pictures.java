package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Torch;

/** Frames as tensors (1, 3, 1, H, W) in −1…1. */
final class Pictures {
    private static final int COLOURS = 3;

    private Pictures() {}

    static NDArray tensor(NDManager manager, RgbImage image) {
        int pixels = image.width() * image.height();
        float[] values = new float[COLOURS * pixels];
        for (int i = 0; i < pixels; i++) {
            for (int colour = 0; colour < COLOURS; colour++) {
                values[colour * pixels + i] = (image.rgb()[COLOURS * i + colour] & 0xff) / 255f * 2 - 1;
            }
        }
        return Torch.tensor(manager, values, new Shape(1, COLOURS, 1, image.height(), image.width()));
    }

    static RgbImage image(NDArray frame) {
        int height = (int) frame.getShape().get(3);
        int width = (int) frame.getShape().get(4);
        byte[] rgb = frame.reshape(COLOURS, height, width)
                .transpose(1, 2, 0)
                .div(2)
                .add(0.5)
                .clip(0, 1)
                .mul(255)
                .round()
                .toType(DataType.UINT8, false)
                .toByteArray();
        return new RgbImage(width, height, rgb);
    }
}
