package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Records the computation of a model as a graph: the methods of its arrays in {@link Traced}, the operations of
 * {@code ops.py} in {@link Kernels}. Arrays that are neither values of the graph nor weights, such as the positions of
 * patches, depend on the size of the latents: they become inputs of the graph, so that all sizes can share it.
 */
final class Recorder implements AutoCloseable {
    private final NDManager manager;
    private final NDManager keeper;
    private final Set<NDArray> weights = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<NDArray, Value> read = new IdentityHashMap<>();
    private final Graph graph = new Graph();
    private final Nodes nodes = new Nodes(graph);
    private final Kernels kernels = new Kernels(this, nodes);
    private final Map<String, NDArray> given = new LinkedHashMap<>();

    /**
     * @param keeper owner of what is given to each run
     * @param weights weights of the model
     */
    Recorder(NDManager keeper, Collection<NDArray> weights) {
        this.manager = keeper.newSubManager();
        this.keeper = keeper;
        this.weights.addAll(weights);
    }

    NDManager manager() {
        return manager;
    }

    Graph graph() {
        return graph;
    }

    Nodes nodes() {
        return nodes;
    }

    Kernels kernels() {
        return kernels;
    }

    /** Returns the inputs that are the same in each run for latents of this size. */
    Map<String, NDArray> given() {
        return given;
    }

    /** @param sides names of those that may be any, null for those that are always the same */
    Traced input(String name, Shape shape, DataType type, String... sides) {
        graph.input(name, shape, type, sides);
        return new Traced(this, new Value(name, shape, type));
    }

    Value value(NDArray array) {
        if (array instanceof Traced traced) {
            return traced.value();
        }
        return weights.contains(array) ? weight(array) : given(array);
    }

    /** Adds a weight, or a part of one. Weights in half precision are converted when the graph is compiled. */
    Value weight(NDArray array) {
        return read.computeIfAbsent(array, _ -> {
            Value stored = new Value(graph.weight(array), array.getShape(), array.getDataType());
            return array.getDataType() == DataType.FLOAT16 ? nodes.cast(stored, DataType.FLOAT32) : stored;
        });
    }

    private Value given(NDArray array) {
        String name = "given" + given.size();
        NDArray kept = array.duplicate();
        kept.attach(keeper);
        given.put(name, kept);
        Shape shape = array.getShape();
        String[] sides = new String[shape.dimension()];
        if (sides.length > 2) { // (1, N, D)
            sides[1] = name + "_tokens";
        }
        graph.input(name, shape, array.getDataType(), sides);
        return new Value(name, shape, array.getDataType());
    }

    /** Adds numbers that belong to the size of the latents. */
    String given(long... numbers) {
        try (NDArray array = manager.create(numbers)) {
            return given(array).name();
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
