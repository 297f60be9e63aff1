package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDManager;
import io.ruido.adapter.Adapter;
import java.util.Map;

/**
 * The additions of one file with their weight.
 *
 * @param adapters by the model's part, then by the module in it
 * @param manager owner of the tensors that depend on the weight
 */
public record AppliedLora(Map<String, Map<String, Adapter>> adapters, NDManager manager) implements AutoCloseable {
    /** The additions to one part. */
    public Map<String, Adapter> of(String part) {
        return adapters.getOrDefault(part, Map.of());
    }

    @Override
    public void close() {
        manager.close();
    }
}
