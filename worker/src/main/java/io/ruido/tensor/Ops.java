package io.ruido.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The operations of {@code ops.py}, a TorchScript module that is assembled in memory. They work with gradients as
 * without: a result carries a gradient when one of its arguments does and the thread's gradient mode is on.
 */
public final class Ops {
    private static final NDManager MANAGER = Torch.newManager();
    private static final PtSymbolBlock MODULE = Script.load(MANAGER, "Ops", Ops.class.getResourceAsStream("ops.py"));
    private static final Map<String, NDArray> METHODS = Arrays.stream(JniUtils.getMethodNames(MODULE))
            .collect(Collectors.toUnmodifiableMap(Function.identity(), Ops::methodTag));
    private static final NDArray NONE = MANAGER.create(new Shape(0));
    private static final ScopedValue<Boolean> WITHOUT_GRADIENT = ScopedValue.newInstance();

    private Ops() {}

    /**
     * Runs one operation.
     *
     * @param method its name in {@code ops.py}
     * @param arrays its arguments; the result belongs to the manager of the first, so weights come last
     */
    public static NDArray call(String method, NDArray... arrays) {
        for (NDArray array : arrays) {
            if (array instanceof Recorded recorded) {
                return recorded.call(method, arrays);
            }
        }
        // Optimizing would trace and compile each method again for every input shape; the switch is thread local.
        JniUtils.setGraphExecutorOptimize(false);
        return WITHOUT_GRADIENT.isBound() ? callWithoutGradient(method, arrays) : callWithGradient(method, arrays);
    }

    private static NDArray callWithGradient(String method, NDArray[] arrays) {
        var arguments = new NDList(arrays.length + 1);
        arguments.addAll(Arrays.asList(arrays));
        arguments.add(METHODS.get(method));
        return IValueUtils.forward(MODULE, arguments, true).head();
    }

    private static NDArray callWithoutGradient(String method, NDArray[] arrays) {
        IValue[] arguments = Arrays.stream(arrays)
                .map(PtNDArray.class::cast)
                .map(IValue::from)
                .toArray(IValue[]::new);
        try (IValue result = IValueUtils.runMethod(MODULE, method, arguments)) {
            return result.toTensor((PtNDManager) arrays[0].getManager());
        } finally {
            Arrays.stream(arguments).forEach(IValue::close);
        }
    }

    /**
     * Changes an array in place, by an operation that takes lists.
     *
     * @param tensors tensors of the operation's first list
     */
    public static void update(
            String method, NDArray[] arrays, List<NDArray> tensors, long[] numbers, double[] factors) {
        JniUtils.setGraphExecutorOptimize(false);
        List<IValue> arguments = new ArrayList<>();
        for (NDArray array : arrays) {
            arguments.add(IValue.from((PtNDArray) array));
        }
        arguments.add(IValue.listFrom(tensors.toArray(PtNDArray[]::new)));
        arguments.add(IValue.listFrom(numbers));
        arguments.add(IValue.listFrom(factors));
        try (IValue result = IValueUtils.runMethod(MODULE, method, arguments.toArray(IValue[]::new));
                NDArray _ = result.toTensor((PtNDManager) arrays[0].getManager())) {
            // It is the first array, changed.
        } finally {
            arguments.forEach(IValue::close);
        }
    }

    /**
     * Runs work whose results never get a gradient. Torch then prepares none, which takes 0.95 of the time of a small
     * model's step.
     */
    public static NDArray withoutGradient(Supplier<NDArray> work) {
        return ScopedValue.where(WITHOUT_GRADIENT, true).call(work::get);
    }

    /**
     * Applies a layer and frees its input, which nothing else needs: else it would live as long as its manager. What a
     * gradient needs of it stays.
     */
    public static NDArray consume(NDArray input, UnaryOperator<NDArray> layer) {
        try (input) {
            return layer.apply(input);
        }
    }

    /**
     * The array times a number, for arrays that get a gradient. The gradient of {@link NDArray#mul(Number)} and {@link
     * NDArray#div(Number)} reads memory that DJL has given back to Java's collector.
     */
    public static NDArray scale(NDArray array, double factor) {
        try (NDArray number = array.getManager().full(new Shape(), (float) factor)) {
            return array.mul(number);
        }
    }

    /** The argument that stands for an absent tensor. */
    public static NDArray none() {
        return NONE;
    }

    /** A number for an operation, for as long as the process lives. */
    public static NDArray number(long value) {
        return MANAGER.create(value);
    }

    /**
     * The array in another type; itself when it has that type. NDArray.toType ends the process for BFLOAT16, and DJL
     * says UNKNOWN for the type of an array of bfloat16, so that means BFLOAT16 here.
     */
    public static NDArray cast(NDArray array, DataType type) {
        if (array.getDataType() == type) {
            return array;
        }
        DataType named = type == DataType.UNKNOWN ? DataType.BFLOAT16 : type;
        return call("to_" + named.name().toLowerCase(Locale.ROOT), array);
    }

    /** Bytes of an array in memory. */
    public static long bytes(NDArray array) {
        DataType type = array.getDataType() == DataType.UNKNOWN ? DataType.BFLOAT16 : array.getDataType();
        return array.size() * type.getNumOfBytes();
    }

    private static NDArray methodTag(String method) {
        NDArray tag = MANAGER.create(0);
        tag.setName("module_method:" + method);
        return tag;
    }
}
