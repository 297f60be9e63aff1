package io.ruido.plan;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** A value of a graph: its name, and the shape that it has for the example. */
record Value(String name, Shape shape, DataType type) {
    /** @param axis from the end where it is negative */
    long side(int axis) {
        return shape.get(at(axis));
    }

    Value with(String newName) {
        return new Value(newName, shape, type);
    }

    /** Returns the value with another length of one side. */
    Value withSide(int axis, long length) {
        long[] sides = shape.getShape().clone();
        sides[at(axis)] = length;
        return new Value(name, new Shape(sides), type);
    }

    private int at(int axis) {
        return axis < 0 ? shape.dimension() + axis : axis;
    }
}
