package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.index.dim.NDIndexAll;
import ai.djl.ndarray.index.dim.NDIndexElement;
import ai.djl.ndarray.index.dim.NDIndexSlice;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes down what a model computes as a graph: the methods of its arrays here, the operations of {@code ops.py} in
 * {@link Kernels}. Arrays that are neither values of the graph nor weights, such as the places of a picture's patches, belong
 * to the size of the latents: they become inputs of the graph, so that all sizes can share it.
 */
final class Recorder implements AutoCloseable {
    private final NDManager manager;
    private final NDManager keeper;
    private final Set<NDArray> weights = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Graph graph = new Graph();
    private final Kernels kernels = new Kernels(graph);
    private final Map<String, NDArray> given = new LinkedHashMap<>();

    /**
     * @param keeper owner of what is given to each run
     * @param weights of the model
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

    /** Inputs that are the same in each run for latents of this size. */
    Map<String, NDArray> given() {
        return given;
    }

    /** @param sides names of those that may be any, null for those that are always the same */
    Traced input(String name, Shape shape, DataType type, String... sides) {
        graph.input(name, shape, type, sides);
        return new Traced(this, name, shape, type);
    }

    private Traced of(Value value) {
        return new Traced(this, value.name(), value.shape(), value.type());
    }

    Value value(NDArray array) {
        if (array instanceof Traced traced) {
            return new Value(traced.value(), traced.getShape(), traced.getDataType());
        }
        return weights.contains(array) ? weight(array) : given(array);
    }

    /** A weight, or a part of one. */
    Value weight(NDArray array) {
        return new Value(graph.weight(array), array.getShape(), array.getDataType());
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

    /** Numbers that belong to the size of the latents. */
    String given(long... numbers) {
        try (NDArray array = manager.create(numbers)) {
            return given(array).name();
        }
    }

    Traced call(String method, NDArray... arguments) {
        return of(kernels.call(method, arguments, this));
    }

    Traced binary(String op, NDArray x, NDArray y) {
        return of(kernels.binary(op, value(x), value(y)));
    }

    Traced binary(String op, NDArray x, Number number) {
        return of(kernels.binary(op, value(x), Value.of(graph, number.floatValue())));
    }

    Traced concat(NDArray x, NDArray y, int axis) {
        Value a = value(x);
        Value b = value(y);
        String name = graph.node("Concat", Map.of("axis", (long) axis), a.name(), b.name());
        long[] sides = a.shape().getShape().clone();
        sides[axis] += b.shape().get(axis);
        return of(new Value(name, new Shape(sides), a.type()));
    }

    NDList split(NDArray x, long[] indices, int axis) {
        Value a = value(x);
        long[] sizes = new long[indices.length + 1];
        long from = 0;
        for (int i = 0; i < sizes.length; i++) {
            long to = i < indices.length ? indices[i] : a.shape().get(axis);
            sizes[i] = to - from;
            from = to;
        }
        List<String> names =
                graph.nodes("Split", sizes.length, Map.of("axis", (long) axis), a.name(), graph.numbers(sizes));
        var parts = new NDList();
        for (int i = 0; i < sizes.length; i++) {
            long[] sides = a.shape().getShape().clone();
            sides[axis] = sizes[i];
            parts.add(of(new Value(names.get(i), new Shape(sides), a.type())));
        }
        return parts;
    }

    Traced reshape(NDArray x, Shape wanted) {
        return of(kernels.reshape(value(x), wanted));
    }

    Traced transpose(NDArray x, int... axes) {
        return of(kernels.transpose(value(x), axes));
    }

    Traced expandDims(NDArray x, int axis) {
        Value a = value(x);
        List<Long> sides = new ArrayList<>();
        for (long side : a.shape().getShape()) {
            sides.add(side);
        }
        sides.add(axis, 1L);
        String name = graph.node("Unsqueeze", Map.of(), a.name(), graph.numbers(axis));
        return of(new Value(name, new Shape(sides), a.type()));
    }

    Traced slice(NDArray x, NDIndex index) {
        Value a = value(x);
        long[] sides = a.shape().getShape().clone();
        String name = a.name();
        for (int axis = 0; axis < index.getRank(); axis++) {
            switch (index.get(axis)) {
                case NDIndexAll _ -> {}
                case NDIndexSlice slice
                when slice.getStep() == null || slice.getStep() == 1 -> {
                    long from = slice.getMin() == null ? 0 : slice.getMin();
                    long to = slice.getMax() == null ? sides[axis] : slice.getMax();
                    name = graph.node(
                            "Slice", Map.of(), name, graph.numbers(from), graph.numbers(to), graph.numbers(axis));
                    sides[axis] = to - from;
                }
                case NDIndexElement other -> throw new UnsupportedOperationException("a plan has no index " + other);
            }
        }
        return of(new Value(name, new Shape(sides), a.type()));
    }

    Traced cast(NDArray x, DataType type) {
        return of(kernels.cast(value(x), type));
    }

    @Override
    public void close() {
        manager.close();
    }
}
