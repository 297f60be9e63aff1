package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.text.ClipVisionModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;

/** CLIP's states of an image, which condition Wan 2.1. */
final class PictureEncoder {
    private static final int COLOURS = 3;
    private static final int BICUBIC = 3;

    private final ClipVisionModel model;
    private final int shortestEdge;
    private final int crop;
    private final float[] mean = new float[COLOURS];
    private final float[] deviation = new float[COLOURS];

    private PictureEncoder(ClipVisionModel model, JsonNode processor, Path file) {
        this.model = model;
        if (processor.path("resample").asInt(BICUBIC) != BICUBIC) {
            throw new IllegalArgumentException(
                    "%s: resample is %s; supported: 3, bicubic".formatted(file, processor.path("resample")));
        }
        shortestEdge = processor.at("/size/shortest_edge").asInt();
        crop = processor.at("/crop_size/height").asInt();
        if (crop != model.config().imageSize() || shortestEdge < crop) {
            throw new IllegalArgumentException("%s: crop_size is %d of %d; supported: the encoder's image_size, %d"
                    .formatted(file, crop, shortestEdge, model.config().imageSize()));
        }
        for (int colour = 0; colour < COLOURS; colour++) {
            mean[colour] = (float) processor.at("/image_mean/" + colour).asDouble();
            deviation[colour] = (float) processor.at("/image_std/" + colour).asDouble();
        }
    }

    static PictureEncoder read(ModelFolder folder, NDManager manager) throws IOException {
        Path file = folder.path().resolve("image_processor/preprocessor_config.json");
        JsonNode processor = new ObjectMapper().readTree(file.toFile());
        Path encoder = folder.path().resolve("image_encoder");
        return new PictureEncoder(ClipVisionModel.read(encoder, manager, DataType.FLOAT32), processor, file);
    }

    /** (1, P, D) */
    NDArray encode(NDManager manager, RgbImage image) {
        int shorter = Math.min(image.width(), image.height());
        RgbImage small =
                Bicubic.resized(image, shortestEdge * image.width() / shorter, shortestEdge * image.height() / shorter);
        int left = (small.width() - crop) / 2;
        int top = (small.height() - crop) / 2;
        float[] values = new float[COLOURS * crop * crop];
        for (int i = 0; i < crop * crop; i++) {
            int at = COLOURS * ((top + i / crop) * small.width() + left + i % crop);
            for (int colour = 0; colour < COLOURS; colour++) {
                float value = (small.rgb()[at + colour] & 0xff) / 255f;
                values[colour * crop * crop + i] = (value - mean[colour]) / deviation[colour];
            }
        }
        try (NDManager scratch = manager.newSubManager()) {
            NDArray picture = Torch.tensor(scratch, values, new Shape(1, COLOURS, crop, crop));
            return scratch.ret(model.forward(picture));
        }
    }
}
