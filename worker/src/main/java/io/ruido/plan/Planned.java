package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A function of arrays that ONNX Runtime executes. The first call with arguments of a size records it; sizes whose graphs are
 * the same share a plan, and with it the weights.
 */
final class Planned implements AutoCloseable {
    private static final Set<String> STORED = Set.of("F32", "F16");

    /** More than one, so that no side of another length is taken for the batch's. */
    private static final int BATCH = 2;

    /**
     * An argument.
     *
     * @param sides names of those that may be any, null for those that are always the same
     */
    record Input(String name, String... sides) {}

    /**
     * Sizes that are kept. Clients choose them, so they have no end, and what is given for one takes up to some megabytes, as places of
     * patches do.
     */
    static final int MAX_SIZES = 50;

    /** A plan, and what it is given beside the arguments of one size, which belongs to the manager. */
    private record Call(Plan plan, NDManager manager, Map<String, NDArray> given) implements AutoCloseable {
        @Override
        public void close() {
            manager.close();
        }
    }

    private final Function<Map<Input, NDArray>, NDArray> function;
    private final Weights weights;
    private final NDManager manager;
    private final LinkedHashMap<Map<String, Shape>, Call> calls =
            new LinkedHashMap<>(16, 0.75f, true); // the least recently used first
    private final Map<ByteBuffer, Plan> plans = new HashMap<>(); // by their graphs

    /**
     * @param function of arrays by what they are for; the first side of each is the batch's
     * @param weights of the function, as they are stored; they must live longer than this
     */
    Planned(Function<Map<Input, NDArray>, NDArray> function, Weights weights) {
        this.function = function;
        this.weights = weights;
        this.manager = weights.manager().newSubManager();
    }

    /**
     * Returns why what has its weights in a folder cannot be planned, if so. ONNX Runtime arranges weights anew; the originals
     * give their memory back only where they are mapped from a file as they are.
     */
    static Optional<String> obstacle(Path folder, NDManager manager, DataType type) throws IOException {
        if (manager.getDevice().isGpu()) {
            return Optional.of("it computes on a GPU");
        }
        if (type != DataType.FLOAT32) {
            return Optional.of("it computes in " + type.name().toLowerCase(Locale.ROOT));
        }
        return SafeTensors.list(folder).values().stream()
                .map(SafeTensors.Info::dtype)
                .filter(dtype -> !STORED.contains(dtype))
                .findFirst()
                .map(dtype -> "its file has weights of type " + dtype);
    }

    /**
     * Calls the function, after other threads' calls.
     *
     * @param owner of the result
     * @param result shape of it
     * @throws UnsupportedOperationException naming the operation that cannot be recorded
     */
    synchronized NDArray call(NDManager owner, Map<Input, NDArray> arguments, Shape result) {
        Call call = call(arguments);
        Map<String, NDArray> named = new HashMap<>(call.given);
        arguments.forEach((input, array) -> named.put(input.name, array));
        return call.plan.run(owner, named, result);
    }

    /** Records calls with arguments of this size and compiles them, so that the first one does not have to. */
    synchronized void prepare(Map<Input, NDArray> arguments) {
        call(arguments);
    }

    NDManager manager() {
        return manager;
    }

    /** Returns how many graphs have been compiled. */
    synchronized int plans() {
        return plans.size();
    }

    /** Returns how many sizes of arguments are kept. */
    synchronized int sizes() {
        return calls.size();
    }

    private Call call(Map<Input, NDArray> arguments) {
        Map<String, Shape> sizes = new HashMap<>();
        arguments.forEach(
                (input, array) -> sizes.put(input.name, array.getShape().slice(1)));
        Call known = calls.get(sizes);
        if (known != null) {
            return known;
        }
        Call fresh = record(arguments);
        calls.put(sizes, fresh);
        if (calls.size() > MAX_SIZES) {
            forget(calls.pollFirstEntry().getValue());
        }
        return fresh;
    }

    private void forget(Call call) {
        call.close();
        if (calls.values().stream().noneMatch(other -> other.plan == call.plan)) {
            plans.values().remove(call.plan);
            call.plan.close();
        }
    }

    private Call record(Map<Input, NDArray> arguments) {
        NDManager given = manager.newSubManager();
        try (var recorder = new Recorder(given, weights.tensors().values())) {
            Map<Input, NDArray> traced = new LinkedHashMap<>();
            arguments.forEach((input, array) -> {
                long[] sides = array.getShape().getShape().clone();
                sides[0] = BATCH;
                traced.put(input, recorder.input(input.name, new Shape(sides), array.getDataType(), input.sides));
            });
            recorder.graph().output(Plan.RESULT, recorder.value(function.apply(traced)));
            byte[] graph = recorder.graph().bytes();
            Plan plan = plans.computeIfAbsent(
                    ByteBuffer.wrap(graph), _ -> Plan.of(graph, recorder.graph().weights()));
            weights.unload();
            return new Call(plan, given, recorder.given());
        } catch (RuntimeException | Error e) {
            given.close();
            throw e;
        }
    }

    @Override
    public synchronized void close() {
        plans.values().forEach(Plan::close);
        manager.close();
    }
}
