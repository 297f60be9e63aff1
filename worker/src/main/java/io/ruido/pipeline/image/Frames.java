package io.ruido.pipeline.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.NotFiniteException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The frames of one result: one of an image, more of a clip.
 *
 * @param images of the same size, in the order of time
 */
public record Frames(List<RgbImage> images) {
    private static final int COLOURS = 3;

    public Frames {
        images = List.copyOf(images);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must not be empty");
        }
    }

    /** The image, or the first frame of a clip. */
    public RgbImage first() {
        return images.getFirst();
    }

    /** The frames of each sample of a batch, from pieces of the batch that follow each other in time. */
    public static List<Frames> joined(List<List<Frames>> pieces) {
        return IntStream.range(0, pieces.getFirst().size())
                .mapToObj(sample -> new Frames(pieces.stream()
                        .flatMap(piece -> piece.get(sample).images().stream())
                        .toList()))
                .toList();
    }

    /**
     * @param pixels (B, C, H, W) or (B, C, F, H, W) in −1…1, C being 3 or, for grey, 1
     * @throws NotFiniteException when they are no numbers
     */
    public static List<Frames> of(NDArray pixels) {
        if (!Float.isFinite(pixels.sum().getFloat())) {
            throw new NotFiniteException(
                    "the decoded image has values that are not finite: the autoencoder's values are too"
                            + " large for its dtype");
        }
        Shape shape = pixels.getShape();
        boolean clip = shape.dimension() == 5;
        NDArray coloursLast = clip ? pixels.transpose(0, 2, 3, 4, 1) : pixels.transpose(0, 2, 3, 1);
        NDArray coloured = shape.get(1) == 1 ? coloursLast.repeat(clip ? 4 : 3, COLOURS) : coloursLast;
        byte[] bytes = coloured.div(2)
                .add(0.5)
                .clip(0, 1)
                .mul(255)
                .round()
                .toType(DataType.UINT8, false)
                .toByteArray();
        int height = (int) shape.get(shape.dimension() - 2);
        int width = (int) shape.get(shape.dimension() - 1);
        int frames = clip ? (int) shape.get(2) : 1;
        int size = COLOURS * width * height;
        return IntStream.range(0, (int) shape.get(0))
                .mapToObj(sample -> new Frames(IntStream.range(sample * frames, (sample + 1) * frames)
                        .mapToObj(i -> new RgbImage(width, height, Arrays.copyOfRange(bytes, i * size, (i + 1) * size)))
                        .toList()))
                .toList();
    }
}
