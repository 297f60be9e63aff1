package io.ruido.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Tensors drawn on demand. */
final class FreshTensors implements Weights.Source {
    private final NDManager manager;
    private final RandomGenerator random;

    FreshTensors(NDManager manager, long seed) {
        this.manager = manager;
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    @Override
    public NDArray tensor(String name, Shape shape, Init init) {
        var values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = init.draw(random);
        }
        return Torch.tensor(manager, values, shape);
    }

    @Override
    public Shape shape(String name) {
        throw new UnsupportedOperationException("fresh tensors have no file");
    }

    @Override
    public Set<String> names() {
        return Set.of();
    }

    @Override
    public String origin() {
        return "drawn at random";
    }
}
