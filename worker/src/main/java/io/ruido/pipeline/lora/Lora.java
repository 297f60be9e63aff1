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
import java.util.Arrays;
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
            found.forEach((path, module) -> fit(part.getValue(), path, module));
            LoraScales scales = new LoraScales(settings, part.getKey(), found.values());
            Map<String, Placed> inPart = new HashMap<>();
            found.forEach((path, module) -> inPart.put(path, new Placed(module, scales.of(path, module))));
            placed.put(part.getKey(), inPart);
        }
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("%s: the model has no place for %d modules, such as %s"
                    .formatted(file, left.size(), left.iterator().next()));
        }
        measureRows();
    }

    /** Gives the matrices the shapes that the layer is called with. */
    private void fit(Weights weights, String path, LoraModule module) {
        Shape weight = weights.shape(path);
        long rows = weight.get(0);
        long[] down = weight.getShape().clone();
        down[0] = module.down.getShape().dimension() == 0 ? 0 : module.rank();
        long[] up = new long[down.length];
        Arrays.fill(up, 1);
        up[0] = rows;
        up[1] = down[0];
        boolean fits = down[0] > 0
                && sameSides(module.down, down)
                && sameSides(module.up, up)
                && (module.bias.isEmpty() || module.bias.getShape().equals(new Shape(rows)))
                && (module.magnitude.isEmpty() || module.magnitude.size() == rows);
        if (!fits) {
            throw new IllegalArgumentException("%s: module %s has matrices of shapes %s and %s, its weight is of %s"
                    .formatted(file, module.name, module.up.getShape(), module.down.getShape(), weight));
        }
        module.down = reshaped(module.down, down);
        module.up = reshaped(module.up, up);
    }

    /** Whether a matrix has these sides; files write the matrices of 1×1 convolutions with and without the sides of 1. */
    private static boolean sameSides(NDArray matrix, long[] sides) {
        return Arrays.equals(withoutOnes(matrix.getShape().getShape()), withoutOnes(sides));
    }

    private static long[] withoutOnes(long[] sides) {
        int count = sides.length;
        while (count > 2 && sides[count - 1] == 1) {
            count--;
        }
        return Arrays.copyOf(sides, count);
    }

    private static NDArray reshaped(NDArray matrix, long[] sides) {
        return matrix.getShape().equals(new Shape(sides)) ? matrix : Ops.consume(matrix, m -> m.reshape(sides));
    }

    private void measureRows() {
        placed.forEach((part, modules) -> modules.forEach((path, one) -> {
            if (!one.module.magnitude.isEmpty()) {
                try (NDManager scratch = manager.newSubManager();
                        NDArray weight = parts.get(part).original(path)) {
                    one.module.lengths = RowLengths.of(scratch, weight, one.module);
                }
            }
        }));
    }

    /** Bytes of the additions in memory. */
    public long bytes() {
        return placed.values().stream()
                .flatMap(part -> part.values().stream())
                .mapToLong(one -> one.module.bytes())
                .sum();
    }

    /** The additions, multiplied with a weight; to be closed before this. */
    public AppliedLora with(double weight) {
        NDManager owner = manager.newSubManager();
        Map<String, Map<String, Adapter>> adapters = new HashMap<>();
        placed.forEach((part, modules) -> {
            Map<String, Adapter> inPart = new HashMap<>();
            modules.forEach((path, one) -> inPart.put(path, adapter(owner, one.module, one.scale * weight)));
            adapters.put(part, inPart);
        });
        return new AppliedLora(adapters, owner);
    }

    private static Adapter adapter(NDManager owner, LoraModule module, double scale) {
        NDArray gains = module.lengths == null ? Ops.none() : owner.create(module.lengths.gains(scale));
        return new Adapter(module.down, module.up, module.bias, gains, scale);
    }

    @Override
    public void close() {
        manager.close();
    }
}
