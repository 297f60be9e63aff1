package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.adapter.Adapter;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A file of low-rank additions to a model's layers (Hu et al., 2022, §4.1): W·x + s·B·A·x, with s as {@link LoraScales} has it. The
 * model's weights stay as they are.
 */
public final class Lora implements AutoCloseable {
    private static final int USUAL_LAYERS = 2;

    private record Placed(LoraModule module, double scale) {}

    private final Path file;
    private final NDManager manager;
    private final Map<String, Weights> parts;
    private final Map<String, Map<String, Placed>> placed = new TreeMap<>(); // by part, then by path

    private Lora(Path file, NDManager manager, Map<String, Weights> parts) {
        this.file = file;
        this.manager = manager;
        this.parts = parts;
    }

    /**
     * Reads a file for a model.
     *
     * @param parts weights of the model's parts, by their subfolders
     * @param layers residual blocks of each level of its U-Net
     * @throws IOException when the file is missing, cut off or malformed
     * @throws IllegalArgumentException naming a tensor that is no low-rank addition, or a module that the model has no place
     *     for, or of another shape
     */
    public static Lora read(Path file, NDManager owner, DataType type, Map<String, Weights> parts, int layers)
            throws IOException {
        Lora lora = new Lora(file, owner.newSubManager(), parts);
        try {
            Map<String, LoraModule> modules = LoraTensors.read(file, lora.manager, type);
            lora.place(modules, LoraTensors.settings(file), layers);
            return lora;
        } catch (IOException | RuntimeException e) {
            lora.close();
            throw e;
        }
    }

    private void place(Map<String, LoraModule> modules, JsonNode settings, int layers) {
        Set<String> left = new TreeSet<>(modules.keySet());
        for (var part : parts.entrySet()) {
            Map<String, LoraModule> found = new TreeMap<>();
            for (String path : part.getValue().modules()) {
                for (String name : LoraNames.of(part.getKey(), path, layers)) {
                    if (left.contains(name)) {
                        left.remove(name);
                        found.put(path, modules.get(name));
                    }
                }
            }
            LoraScales scales = new LoraScales(settings, part.getKey(), found.values());
            Map<String, Placed> inPart = new HashMap<>();
            found.forEach((path, module) -> {
                checkShape(part.getValue(), path, module);
                inPart.put(path, new Placed(module, scales.of(path, module)));
            });
            placed.put(part.getKey(), inPart);
        }
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("%s: the model has no place for %d modules, such as %s"
                    .formatted(file, left.size(), left.iterator().next()));
        }
    }

    private void checkShape(Weights weights, String path, LoraModule module) {
        long[] down = module.down.getShape().getShape();
        long[] up = module.up.getShape().getShape();
        Shape weight = weights.shape(path);
        long rows = weight.get(0);
        // Small files can have factors of a product of any size.
        boolean fits = down.length >= 2
                && up.length >= 2
                && down[0] > 0
                && up[0] == rows
                && module.up.size() == rows * down[0]
                && module.down.size() == down[0] * (weight.size() / rows)
                && (module.bias.isEmpty() || module.bias.size() == rows)
                && (module.magnitude.isEmpty() || module.magnitude.size() == rows);
        if (!fits) {
            throw new IllegalArgumentException("%s: module %s has matrices of shapes %s and %s, its weight is of %s"
                    .formatted(file, module.name, module.up.getShape(), module.down.getShape(), weight));
        }
    }

    /** Bytes of the additions. */
    public long bytes() {
        return placed.values().stream()
                .flatMap(part -> part.values().stream())
                .mapToLong(one -> one.module.down.size() + one.module.up.size())
                .map(values -> values * Float.BYTES)
                .sum();
    }

    /** The additions, multiplied with a weight; to be closed before this. */
    public AppliedLora with(double weight) {
        NDManager owner = manager.newSubManager();
        Map<String, Map<String, Adapter>> adapters = new HashMap<>();
        placed.forEach((part, modules) -> {
            Map<String, Adapter> inPart = new HashMap<>();
            modules.forEach((path, one) -> {
                double scale = one.scale * weight;
                LoraModule module = one.module;
                NDArray gains = module.magnitude.isEmpty() ? module.magnitude : gains(owner, part, path, module, scale);
                inPart.put(path, new Adapter(module.down, module.up, module.bias, gains, scale));
            });
            adapters.put(part, inPart);
        });
        return new AppliedLora(adapters, owner);
    }

    /** m / ‖W + s·B·A‖ of each row (Liu et al., 2024, §4.1). */
    private NDArray gains(NDManager owner, String part, String path, LoraModule module, double scale) {
        Weights weights = parts.get(part);
        try (NDManager scratch = manager.newSubManager();
                NDArray weight = weights.original(path)) {
            long rank = module.rank();
            NDArray rows =
                    Ops.cast(weight, DataType.FLOAT32).reshape(weight.getShape().get(0), -1);
            rows.attach(scratch);
            NDArray up = Ops.cast(module.up, DataType.FLOAT32).reshape(-1, rank);
            NDArray delta = up.matMul(Ops.cast(module.down, DataType.FLOAT32).reshape(rank, -1));
            delta.attach(scratch);
            NDArray length =
                    rows.add(delta.mul(scale)).square().sum(new int[] {1}).sqrt();
            NDArray gains = Ops.cast(module.magnitude, DataType.FLOAT32).div(length);
            gains.attach(owner);
            return gains;
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
