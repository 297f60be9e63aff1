package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Recorded;
import java.nio.ByteBuffer;

/** A value of a graph that is being written, with the shape that it has for the example. Its methods write nodes. */
final class Traced extends NDArrayAdapter implements Recorded {
    private final Recorder recorder;
    private final String value;

    Traced(Recorder recorder, String value, Shape shape, DataType type) {
        super(recorder.manager(), recorder.manager(), shape, type, value);
        this.recorder = recorder;
        this.value = value;
    }

    /** Its name in the graph. */
    String value() {
        return value;
    }

    @Override
    public NDArray call(String method, NDArray... arguments) {
        return recorder.call(method, arguments);
    }

    @Override
    public NDArray add(NDArray other) {
        return recorder.binary("Add", this, other);
    }

    @Override
    public NDArray add(Number number) {
        return recorder.binary("Add", this, number);
    }

    @Override
    public NDArray sub(NDArray other) {
        return recorder.binary("Sub", this, other);
    }

    @Override
    public NDArray sub(Number number) {
        return recorder.binary("Sub", this, number);
    }

    @Override
    public NDArray mul(NDArray other) {
        return recorder.binary("Mul", this, other);
    }

    @Override
    public NDArray mul(Number number) {
        return recorder.binary("Mul", this, number);
    }

    @Override
    public NDArray div(NDArray other) {
        return recorder.binary("Div", this, other);
    }

    @Override
    public NDArray div(Number number) {
        return recorder.binary("Div", this, number);
    }

    @Override
    public NDArray concat(NDArray other, int axis) {
        return recorder.concat(this, other, axis);
    }

    @Override
    public NDList split(long sections, int axis) {
        long size = shape.get(axis) / sections;
        long[] cuts = new long[(int) sections - 1];
        for (int i = 0; i < cuts.length; i++) {
            cuts[i] = (i + 1) * size;
        }
        return split(cuts, axis);
    }

    @Override
    public NDList split(long[] indices, int axis) {
        return recorder.split(this, indices, axis);
    }

    @Override
    public NDArray reshape(Shape wanted) {
        return recorder.reshape(this, wanted);
    }

    @Override
    public NDArray transpose(int... axes) {
        return recorder.transpose(this, axes);
    }

    @Override
    public NDArray expandDims(int axis) {
        return recorder.expandDims(this, axis);
    }

    @Override
    public NDArray get(NDIndex index) {
        return recorder.slice(this, index);
    }

    @Override
    public NDArray toType(DataType wanted, boolean copy) {
        return recorder.cast(this, wanted);
    }

    @Override
    public ByteBuffer toByteBuffer(boolean tryDirect) {
        throw new UnsupportedOperationException("an array's values are needed while it is recorded");
    }

    @Override
    public void intern(NDArray replaced) {
        throw new UnsupportedOperationException("a plan replaces no array");
    }

    @Override
    public NDArrayEx getNDArrayInternal() {
        throw new UnsupportedOperationException("a plan has no operations of NDArrayEx");
    }

    @Override
    public void detach() {}

    /** Leaves it as it is: a value of a graph takes no memory. */
    @Override
    public void close() {}
}
