package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.index.dim.NDIndexAll;
import ai.djl.ndarray.index.dim.NDIndexElement;
import ai.djl.ndarray.index.dim.NDIndexSlice;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Recorded;
import java.nio.ByteBuffer;

/** A value of a graph that is being written. Its methods write nodes. */
final class Traced extends NDArrayAdapter implements Recorded {
    private final Recorder recorder;
    private final Nodes nodes;
    private final Value value;

    Traced(Recorder recorder, Value value) {
        super(recorder.manager(), recorder.manager(), value.shape(), value.type(), value.name());
        this.recorder = recorder;
        this.nodes = recorder.nodes();
        this.value = value;
    }

    Value value() {
        return value;
    }

    private Traced of(Value result) {
        return new Traced(recorder, result);
    }

    private Traced binary(String op, NDArray other) {
        return of(nodes.binary(op, value, recorder.value(other)));
    }

    private Traced binary(String op, Number number) {
        return of(nodes.binary(op, value, nodes.decimal(number.floatValue())));
    }

    @Override
    public NDArray call(String method, NDArray... arguments) {
        return of(recorder.kernels().call(method, arguments));
    }

    @Override
    public NDArray add(NDArray other) {
        return binary("Add", other);
    }

    @Override
    public NDArray add(Number number) {
        return binary("Add", number);
    }

    @Override
    public NDArray sub(NDArray other) {
        return binary("Sub", other);
    }

    @Override
    public NDArray sub(Number number) {
        return binary("Sub", number);
    }

    @Override
    public NDArray mul(NDArray other) {
        return binary("Mul", other);
    }

    @Override
    public NDArray mul(Number number) {
        return binary("Mul", number);
    }

    @Override
    public NDArray div(NDArray other) {
        return binary("Div", other);
    }

    @Override
    public NDArray div(Number number) {
        return binary("Div", number);
    }

    @Override
    public NDArray concat(NDArray other, int axis) {
        return of(nodes.concat(value, recorder.value(other), axis));
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
        long[] sizes = new long[indices.length + 1];
        long from = 0;
        for (int i = 0; i < sizes.length; i++) {
            long to = i < indices.length ? indices[i] : shape.get(axis);
            sizes[i] = to - from;
            from = to;
        }
        return new NDList(
                nodes.split(value, axis, sizes).stream().<NDArray>map(this::of).toList());
    }

    @Override
    public NDArray reshape(Shape wanted) {
        return of(nodes.reshape(value, wanted));
    }

    @Override
    public NDArray transpose(int... axes) {
        return of(nodes.transpose(value, axes));
    }

    @Override
    public NDArray expandDims(int axis) {
        return of(nodes.expandDims(value, axis));
    }

    @Override
    public NDArray get(NDIndex index) {
        Value part = value;
        for (int axis = 0; axis < index.getRank(); axis++) {
            switch (index.get(axis)) {
                case NDIndexAll _ -> {}
                case NDIndexSlice slice
                when slice.getStep() == null || slice.getStep() == 1 -> {
                    long from = slice.getMin() == null ? 0 : slice.getMin();
                    long to = slice.getMax() == null ? shape.get(axis) : slice.getMax();
                    part = nodes.slice(part, axis, from, to);
                }
                case NDIndexElement other -> throw new UnsupportedOperationException("a plan has no index " + other);
            }
        }
        return of(part);
    }

    @Override
    public NDArray toType(DataType wanted, boolean copy) {
        return of(nodes.cast(value, wanted));
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
