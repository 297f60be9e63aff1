package io.ruido.pipeline.lora;

import java.nio.file.Path;

/**
 * Low-rank additions that are merged into a model's weights when it is read.
 *
 * @param file safetensors
 * @param weight what the additions are multiplied with
 */
public record LoraFile(Path file, double weight) {
    public LoraFile {
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("weight of %s must be a finite number, was %s".formatted(file, weight));
        }
    }
}
