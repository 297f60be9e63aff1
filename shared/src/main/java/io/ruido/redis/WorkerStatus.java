package io.ruido.redis;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;

/**
 * A worker, as it was a moment ago.
 *
 * @param slots images that it takes at a time, of all its models
 * @param active images that it is denoising
 * @param rows that shared a call of the denoiser, on average
 * @param device on which it denoises
 * @param memoryBytes of the process, tensors on the CPU included
 * @param gpuMemoryBytes in use, or null where there is no GPU
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
