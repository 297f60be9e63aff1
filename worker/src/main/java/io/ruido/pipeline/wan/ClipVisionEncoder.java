package io.ruido.pipeline.wan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.text.ClipVisionConfig;
import io.ruido.model.text.ClipVisionModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;

/** CLIP's states of an image, which condition Wan 2.1. */
record ClipVisionEncoder(Processor processor, ClipVisionModel model) {
    private static final int COLOURS = 3;
    private static final int BICUBIC = 3;
    private static final String PART = "image_encoder";

    /**
     * How transformers' {@code CLIPImageProcessor} prepares an image: scaled, its middle cut out, normalized.
     *
     * @param shortestEdge pixels of the scaled image's shorter side
     * @param crop pixels of each side of the middle
     */
    record Processor(int shortestEdge, int crop, float[] mean, float[] deviation) {}

    static ClipVisionEncoder read(ModelFolder folder, NDManager manager) throws IOException {
        ClipVisionModel model = ClipVisionModel.read(folder.folder(PART), manager, DataType.FLOAT32);
        return new ClipVisionEncoder(processor(folder), model);
    }

    /** @throws IllegalArgumentException naming a setting that is not supported */
    static Processor processor(ModelFolder folder) throws IOException {
        Path file = folder.folder("image_processor").resolve("preprocessor_config.json");
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        if (json.path("resample").asInt(BICUBIC) != BICUBIC) {
            throw new IllegalArgumentException(
                    "%s: resample is %s; supported: 3, bicubic".formatted(file, json.path("resample")));
        }
        int shortestEdge = json.at("/size/shortest_edge").asInt();
        int crop = json.at("/crop_size/height").asInt();
        int imageSize = ClipVisionConfig.read(folder.folder(PART)).imageSize();
        if (crop != imageSize || shortestEdge < crop) {
            throw new IllegalArgumentException("%s: crop_size is %d of %d; supported: the encoder's image_size, %d"
                    .formatted(file, crop, shortestEdge, imageSize));
        }
        return new Processor(shortestEdge, crop, colours(json, "image_mean"), colours(json, "image_std"));
    }

    private static float[] colours(JsonNode json, String setting) {
        float[] values = new float[COLOURS];
        for (int colour = 0; colour < COLOURS; colour++) {
            values[colour] = (float) json.path(setting).path(colour).asDouble();
        }
        return values;
    }

    /** (1, P, D) */
    NDArray encode(NDManager manager, RgbImage image) {
        int shorter = Math.min(image.width(), image.height());
        int edge = processor.shortestEdge;
        int crop = processor.crop;
        RgbImage small = Bicubic.resized(image, edge * image.width() / shorter, edge * image.height() / shorter);
        int left = (small.width() - crop) / 2;
        int top = (small.height() - crop) / 2;
        float[] values = new float[COLOURS * crop * crop];
        for (int i = 0; i < crop * crop; i++) {
            int at = COLOURS * ((top + i / crop) * small.width() + left + i % crop);
            for (int colour = 0; colour < COLOURS; colour++) {
                float value = (small.rgb()[at + colour] & 0xff) / 255f;
                values[colour * crop * crop + i] = (value - processor.mean[colour]) / processor.deviation[colour];
            }
        }
        try (NDManager scratch = manager.newSubManager()) {
            NDArray pixels = Torch.tensor(scratch, values, new Shape(1, COLOURS, crop, crop));
            return scratch.ret(model.forward(pixels));
        }
    }
}
