package io.ruido.plan;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** A value of a graph: its name, and the shape that it has for the example. */
record Value(String name, Shape shape, DataType type) {
    static Value of(Graph graph, float number) {
        return new Value(graph.decimal(number), new Shape(), DataType.FLOAT32);
    }

    long side(int axis) {
        return shape.get(axis < 0 ? shape.dimension() + axis : axis);
    }

    Value with(String newName) {
        return new Value(newName, shape, type);
    }
}
