package io.ruido.adapter;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import io.ruido.tensor.Weights.Share;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What is changed of the layers of one call of networks: low-rank additions for each row of the batch, and convolutions that
 * see the opposite border beyond a border. While this is bound, layers are called one by one instead of several in one
 * operation, and {@link #linear} and {@link #convolution} change their results. A row's terms are computed by themselves, so
 * that it makes no difference which rows are beside it.
 */
public final class Adapters {
    private static final ScopedValue<Adapters> CURRENT = ScopedValue.newInstance();

    /**
     * The additions to one network.
     *
     * @param weights of the network
     * @param rows for each row of the batch its additions, by module, in the order in which they are applied
     */
    public record Network(Weights weights, List<List<Map<String, Adapter>>> rows) {}

    /** Pixels beyond a border that a convolution sees at most, for a stride of 1. */
    private static final NDArray NARROW = Ops.number(2);

    /** The same for a stride of 2. */
    private static final NDArray WIDE = Ops.number(4);

    private final List<Network> networks;
    private final boolean seamless;

    /**
     * @param networks that are called while this is bound, and have additions
     * @param seamless whether the opposite border is beyond a border
     */
    public Adapters(List<Network> networks, boolean seamless) {
        this.networks = List.copyOf(networks);
        this.seamless = seamless;
    }

    /** Calls a network with these additions. */
    public <T> T during(Supplier<T> call) {
        return ScopedValue.where(CURRENT, this).call(call::get);
    }

    /** Calls a network without additions, where {@code seamless} with the opposite border beyond a border. */
    public static <T> T during(boolean seamless, Supplier<T> call) {
        return seamless ? new Adapters(List.of(), true).during(call) : call.get();
    }

    /** Whether layers have to be called one by one. */
    public static boolean active() {
        return CURRENT.isBound();
    }

    /** Whether the opposite border is beyond a border. */
    public static boolean seamless() {
        return CURRENT.isBound() && CURRENT.get().seamless;
    }

    /** Calls a network with the same additions, and nothing beyond its borders. */
    public static <T> T withSeams(Supplier<T> call) {
        return seamless() ? new Adapters(CURRENT.get().networks, false).during(call) : call.get();
    }

    /** Calls a network with some rows of the batch, those from one to before another. */
    public static <T> T ofRows(int from, int to, Supplier<T> call) {
        return CURRENT.isBound() ? CURRENT.get().rows(from, to).during(call) : call.get();
    }

    private Adapters rows(int from, int to) {
        return new Adapters(
                networks.stream()
                        .map(network -> new Network(network.weights, network.rows.subList(from, to)))
                        .toList(),
                seamless);
    }

    /** Adds to the result y of a linear layer for x, in place, and returns it. */
    public static NDArray linear(NDArray weight, NDArray bias, NDArray x, NDArray y) {
        return CURRENT.isBound() ? CURRENT.get().add("add_low_rank", weight, bias, x, y) : y;
    }

    /** A convolution's result for x, with what is added to it. */
    public static NDArray convolution(
            NDArray weight, NDArray bias, NDArray x, int stride, UnaryOperator<NDArray> layer) {
        return CURRENT.isBound() ? CURRENT.get().convolved(weight, bias, x, stride, layer) : layer.apply(x);
    }

    private NDArray convolved(NDArray weight, NDArray bias, NDArray x, int stride, UnaryOperator<NDArray> layer) {
        if (!seamless) {
            return add("add_low_rank_map", weight, bias, x, layer.apply(x), stride);
        }
        NDArray wide = Ops.call("wrap", x, stride == 1 ? NARROW : WIDE);
        NDArray result = Ops.consume(wide, w -> add("add_low_rank_map", weight, bias, w, layer.apply(w), stride));
        return Ops.consume(result, y -> Ops.call("crop", y, NARROW));
    }

    /** @param last what follows the places of all terms */
    private NDArray add(String operation, NDArray weight, NDArray bias, NDArray x, NDArray y, long... last) {
        List<NDArray> tensors = new ArrayList<>();
        List<Long> places = new ArrayList<>();
        List<Double> scales = new ArrayList<>();
        for (Network network : networks) {
            for (Share share : network.weights.shares(weight)) {
                for (int row = 0; row < network.rows.size(); row++) {
                    for (Map<String, Adapter> modules : network.rows.get(row)) {
                        Adapter adapter = modules.get(share.module());
                        if (adapter != null) {
                            tensors.addAll(List.of(adapter.down(), adapter.up(), adapter.bias(), adapter.gains()));
                            places.addAll(List.of((long) row, share.first(), share.count(), share.at()));
                            scales.add(adapter.scale());
                        }
                    }
                }
            }
        }
        if (!scales.isEmpty()) {
            for (long number : last) {
                places.add(number);
            }
            Ops.update(
                    operation,
                    new NDArray[] {y, x, bias},
                    tensors,
                    places.stream().mapToLong(Long::longValue).toArray(),
                    scales.stream().mapToDouble(Double::doubleValue).toArray());
        }
        return y;
    }
}
