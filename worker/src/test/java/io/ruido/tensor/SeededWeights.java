package io.ruido.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Values that follow from their tensor's name and their place, the same as in {@code make_model_goldens.py}: SplitMix64 of the
 * hash of the name (FNV-1a) and the index.
 */
public final class SeededWeights implements Weights.Source {
    private final NDManager manager;

    private SeededWeights(NDManager manager) {
        this.manager = manager;
    }

    public static Weights weights(NDManager manager) {
        return Weights.of(manager, new SeededWeights(manager));
    }

    @Override
    public NDArray tensor(String name, Shape shape, Init init) {
        long start = 0xCBF29CE484222325L;
        for (byte letter : name.getBytes(StandardCharsets.UTF_8)) {
            start = (start ^ letter) * 0x100000001B3L;
        }
        var values = new float[(int) shape.size()];
        double bound = Math.sqrt(3 / ((double) shape.size() / shape.get(0)));
        for (int i = 0; i < values.length; i++) {
            double uniform = uniform(start + (i + 1) * 0x9E3779B97F4A7C15L);
            values[i] = (float)
                    (shape.dimension() > 1 ? uniform * bound : 0.5 * uniform + (name.endsWith("weight") ? 1 : 0));
        }
        return Torch.tensor(manager, values, shape);
    }

    /** In −1…1. */
    private static double uniform(long seed) {
        long x = seed;
        x = (x ^ x >>> 30) * 0xBF58476D1CE4E5B9L;
        x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
        x ^= x >>> 31;
        return (double) (x >>> 40) / (1 << 23) - 1;
    }

    @Override
    public Shape shape(String name) {
        throw new UnsupportedOperationException("tensors of any shape are made");
    }

    @Override
    public Set<String> names() {
        return Set.of();
    }

    @Override
    public String origin() {
        return "seeded";
    }
}
