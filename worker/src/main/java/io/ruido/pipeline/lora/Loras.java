package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the weights of a model's parts, with everything that is merged into them. */
public final class Loras implements AutoCloseable {
    private static final int USUAL_LAYERS = 2;

    private final NDManager manager;
    private final DataType type;
    private final List<Lora> all = new ArrayList<>();

    public Loras(NDManager manager, DataType type) {
        this.manager = manager;
        this.type = type;
    }

    public static Loras read(List<LoraFile> files, NDManager manager, DataType type) throws IOException {
        var loras = new Loras(manager, type);
        for (LoraFile file : files) {
            loras.all.add(Lora.read(file, manager));
        }
        return loras;
    }

    /** @param folder of the part; its name is the part's */
    public Weights weights(Path folder) throws IOException {
        if (all.isEmpty()) {
            return Weights.read(folder, manager, type).packed();
        }
        String part = folder.getFileName().toString();
        JsonNode layers = new ObjectMapper()
                .readTree(folder.resolve("config.json").toFile())
                .path("layers_per_block");
        return Weights.read(folder, manager, type, (name, tensor) -> {
                    NDArray patched = tensor;
                    for (Lora lora : all) {
                        patched = lora.patch(part, layers.asInt(USUAL_LAYERS)).apply(name, patched);
                    }
                    return patched;
                })
                .packed();
    }

    /** Whether nothing is merged into the weights. */
    public boolean isEmpty() {
        return all.isEmpty();
    }

    /** Rejects tensors that no part has used; called when all parts are read. */
    public void rejectUnused() {
        all.forEach(Lora::rejectUnused);
    }

    @Override
    public void close() {
        all.forEach(Lora::close);
    }
}
