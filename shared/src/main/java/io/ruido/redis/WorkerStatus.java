package io.ruido.redis;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;

/**
 * The latest status of a worker.
 *
 * @param slots number of images of all models that it takes at a time
 * @param active number of images that it is denoising
 * @param rows average number of rows in a call of the denoiser
 * @param device device of its models
 * @param memoryBytes memory of the process, including tensors on the CPU
 * @param gpuMemoryBytes GPU memory in use, or null without a GPU
 */
public record WorkerStatus(
        String id,
        List<String> models,
        int slots,
        int active,
        double rows,
        double stepsPerSecond,
        String device,
        long memoryBytes,
        @JsonInclude(JsonInclude.Include.NON_NULL) Long gpuMemoryBytes,
        Instant since) {

    public WorkerStatus {
        models = List.copyOf(models);
    }
}
