package io.ruido.pipeline.lora;

import java.nio.file.Path;

/**
 * A file of low-rank additions, and how much of them is applied.
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
