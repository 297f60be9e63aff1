package io.ruido.plan;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Operations on values, each one node of a graph or a few. Shapes are those that the values have for the example. */
final class Nodes {
    private static final float QUICK_GELU = 1.702f;

    private final Graph graph;

    /** Masks for each token, by the name of the mask for all. */
    private final Map<String, String> masks = new HashMap<>();

    Nodes(Graph graph) {
        this.graph = graph;
    }

    private Value node(String op, Map<String, Object> attributes, Shape shape, Value first, String... others) {
        String[] inputs = new String[others.length + 1];
        inputs[0] = first.name();
        System.arraycopy(others, 0, inputs, 1, others.length);
        return new Value(graph.node(op, attributes, inputs), shape, first.type());
    }

    Value decimal(float number) {
        return new Value(graph.decimal(number), new Shape(), DataType.FLOAT32);
    }

    /** Applies a function to each element. */
    Value elementwise(String op, Value x) {
        return node(op, Map.of(), x.shape(), x);
    }

    Value binary(String op, Value x, Value y) {
        return node(op, Map.of(), broadcast(x.shape(), y.shape()), x, y.name());
    }

    private static Shape broadcast(Shape x, Shape y) {
        int rank = Math.max(x.dimension(), y.dimension());
        long[] sides = new long[rank];
        for (int i = 0; i < rank; i++) {
            int atX = x.dimension() - rank + i;
            int atY = y.dimension() - rank + i;
            sides[i] = Math.max(atX < 0 ? 1 : x.get(atX), atY < 0 ? 1 : y.get(atY));
        }
        return new Shape(sides);
    }

    Value add(Value x, Value y) {
        return binary("Add", x, y);
    }

    Value mul(Value x, Value y) {
        return binary("Mul", x, y);
    }

    /** Computes x·(1 + scale) + shift. */
    Value modulated(Value x, Value scale, Value shift) {
        return add(mul(x, add(scale, decimal(1))), shift);
    }

    Value divided(Value x, float divisor) {
        return divisor == 1 ? x : binary("Div", x, decimal(divisor));
    }

    /** Reshapes a value. The first side, of the batch, stays open: it is copied, or it is what the others leave. */
    Value reshape(Value x, Shape wanted) {
        long[] sides = wanted.getShape().clone();
        long known = Arrays.stream(sides).filter(side -> side >= 0).reduce(1, (p, q) -> p * q);
        for (int i = 0; i < sides.length; i++) {
            sides[i] = sides[i] < 0 ? x.shape().size() / known : sides[i];
        }
        boolean batchStays = sides[0] == x.side(0);
        long[] target = batchStays ? wanted.getShape().clone() : sides.clone();
        target[0] = batchStays ? 0 : -1;
        return node("Reshape", Map.of(), new Shape(sides), x, graph.numbers(target));
    }

    /** Reshapes to sides whose lengths another value has when the graph is executed. */
    Value reshape(Value x, Shape shape, String sides) {
        return node("Reshape", Map.of(), shape, x, sides);
    }

    /** Reshapes to the shape of another value, which has as many elements. */
    Value reshapeLike(Value x, Value like) {
        return reshape(x, like.shape(), graph.node("Shape", Map.of(), like.name()));
    }

    /** Reshapes a weight, all of whose sides are known. */
    private Value reshapeWeight(Value weight, long... sides) {
        return node("Reshape", Map.of(), new Shape(sides), weight, graph.numbers(sides));
    }

    Value transpose(Value x, int... axes) {
        long[] sides = Arrays.stream(axes).mapToLong(x.shape()::get).toArray();
        long[] perm = Arrays.stream(axes).mapToLong(axis -> axis).toArray();
        return node("Transpose", Map.of("perm", perm), new Shape(sides), x);
    }

    Value expandDims(Value x, int... axes) {
        List<Long> sides = new ArrayList<>();
        Arrays.stream(x.shape().getShape()).forEach(sides::add);
        Arrays.stream(axes).forEach(axis -> sides.add(axis, 1L));
        String at = graph.numbers(Arrays.stream(axes).mapToLong(axis -> axis).toArray());
        return node("Unsqueeze", Map.of(), new Shape(sides), x, at);
    }

    Value concat(Value x, Value y, int axis) {
        Shape shape = x.withSide(axis, x.side(axis) + y.side(axis)).shape();
        return node("Concat", Map.of("axis", (long) axis), shape, x, y.name());
    }

    List<Value> split(Value x, int axis, long... sizes) {
        List<String> names =
                graph.nodes("Split", sizes.length, Map.of("axis", (long) axis), x.name(), graph.numbers(sizes));
        List<Value> parts = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            parts.add(x.withSide(axis, sizes[i]).with(names.get(i)));
        }
        return parts;
    }

    List<Value> halves(Value x, int axis) {
        long half = x.side(axis) / 2;
        return split(x, axis, half, half);
    }

    Value slice(Value x, int axis, long from, long to) {
        Shape shape = x.withSide(axis, to - from).shape();
        return node("Slice", Map.of(), shape, x, graph.numbers(from), graph.numbers(to), graph.numbers(axis));
    }

    Value cast(Value x, DataType type) {
        return x.type() == type
                ? x
                : new Value(graph.node("Cast", Map.of("to", Graph.type(type)), x.name()), x.shape(), type);
    }

    Value activate(Value x, long kind) {
        return switch ((int) kind) {
            case -1 -> x;
            case 0 -> x.with(graph.contrib("QuickGelu", Map.of("alpha", 1f), x.name())); // SiLU
            case 1 -> elementwise("Gelu", x);
            case 2 -> node("Gelu", Map.of("approximate", "tanh"), x.shape(), x);
            case 3 -> x.with(graph.contrib("QuickGelu", Map.of("alpha", QUICK_GELU), x.name()));
            case 4 -> elementwise("Relu", x);
            case 5 -> elementwise("Mish", x);
            default -> throw new UnsupportedOperationException("a plan has no activation " + kind);
        };
    }

    /** Convolves with a 3×3 kernel and keeps height and width. */
    Value convolve(Value x, Value weight, Value bias) {
        return convolve(x, weight, bias, 1, 1, 1);
    }

    /**
     * @param before zeros above and at the left
     * @param after zeros below and at the right
     */
    Value convolve(Value x, Value weight, Value bias, long stride, long before, long after) {
        long kernel = weight.side(-1);
        Map<String, Object> attributes = Map.of(
                "kernel_shape", new long[] {kernel, kernel},
                "strides", new long[] {stride, stride},
                "pads", new long[] {before, before, after, after});
        var shape = new Shape(
                x.side(0),
                weight.side(0),
                (x.side(2) + before + after - kernel) / stride + 1,
                (x.side(3) + before + after - kernel) / stride + 1);
        return bias == null
                ? node("Conv", attributes, shape, x, weight.name())
                : node("Conv", attributes, shape, x, weight.name(), bias.name());
    }

    /** Convolves with an odd kernel and keeps height and width; a linear layer's weight stands for a 1×1 kernel. */
    Value conv2d(Value x, Value weight, Value bias) {
        Value kernel =
                weight.shape().dimension() == 2 ? reshapeWeight(weight, weight.side(0), weight.side(1), 1, 1) : weight;
        long pad = (kernel.side(-1) - 1) / 2;
        return convolve(x, kernel, bias, 1, pad, pad);
    }

    Value upsample(Value x) {
        var shape = new Shape(x.side(0), x.side(1), 2 * x.side(2), 2 * x.side(3));
        return node("Resize", NEAREST, shape, x, "", graph.vector(1, 1, 2, 2));
    }

    /** Repeats pixels up to the height and width of another value. */
    Value upsampleLike(Value x, Value like) {
        String planes = graph.node("Shape", Map.of("start", 0L, "end", 2L), x.name());
        String sides = graph.node("Shape", Map.of("start", 2L), like.name());
        String all = graph.node("Concat", Map.of("axis", 0L), planes, sides);
        var shape = new Shape(x.side(0), x.side(1), like.side(2), like.side(3));
        return node("Resize", NEAREST, shape, x, "", "", all);
    }

    private static final Map<String, Object> NEAREST =
            Map.of("mode", "nearest", "coordinate_transformation_mode", "asymmetric", "nearest_mode", "floor");

    /** Halves height and width. */
    Value averagePool(Value x) {
        var shape = new Shape(x.side(0), x.side(1), x.side(2) / 2, x.side(3) / 2);
        return node("AveragePool", Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2}), shape, x);
    }

    /** Computes group norm as an instance norm of the groups, which is then scaled and shifted by channels. */
    Value groupNorm(Value x, long groups, float eps, Value weight, Value bias) {
        Value grouped = reshape(x, new Shape(x.side(0), groups, -1));
        Value normed = node(
                "InstanceNormalization",
                Map.of("epsilon", eps),
                grouped.shape(),
                grouped,
                graph.repeated(1, groups),
                graph.repeated(0, groups));
        Value scaled = mul(reshapeLike(normed, x), perChannel(weight));
        return add(scaled, perChannel(bias));
    }

    /** Reshapes (C) to (C, 1, 1). */
    private Value perChannel(Value vector) {
        return reshapeWeight(vector, vector.side(0), 1, 1);
    }

    Value layerNorm(Value x, float eps, Value weight, Value bias) {
        String scale = weight == null ? graph.repeated(1, x.side(-1)) : weight.name();
        Map<String, Object> attributes = Map.of("axis", -1L, "epsilon", eps);
        return bias == null
                ? node("LayerNormalization", attributes, x.shape(), x, scale)
                : node("LayerNormalization", attributes, x.shape(), x, scale, bias.name());
    }

    /** Takes rows of a table. */
    Value gather(Value table, Value ids) {
        long[] sides = Arrays.copyOf(ids.shape().getShape(), ids.shape().dimension() + 1);
        sides[sides.length - 1] = table.side(1);
        return node("Gather", Map.of(), new Shape(sides), table, ids.name());
    }

    /** Adds a zero at the end of each row. */
    Value padded(Value x) {
        return node("Pad", Map.of(), new Shape(x.side(0), x.side(1) + 1), x, graph.numbers(0, 0, 0, 1));
    }

    /** Computes x·Wᵀ + b for x (…, D) and a weight (K, D) or (K, D, 1, 1). */
    Value linear(Value x, Value weight, Value bias) {
        Value matrix = weight.shape().dimension() == 2 ? weight : reshapeWeight(weight, weight.side(0), weight.side(1));
        Value y = x.withSide(-1, matrix.side(0));
        Map<String, Object> attributes = Map.of("transB", 1L);
        if (x.shape().dimension() == 2) {
            return bias == null
                    ? node("Gemm", attributes, y.shape(), x, matrix.name())
                    : node("Gemm", attributes, y.shape(), x, matrix.name(), bias.name());
        }
        Value product = y.with(graph.contrib("FusedMatMul", attributes, x.name(), matrix.name()));
        return bias == null ? product : add(product, bias);
    }

    /**
     * Computes attention of several heads.
     *
     * @param q (B, N, D)
     * @param k (B, T, D)
     * @param v (B, T, D)
     * @param mask added to the scores, (B, 1, 1, T), or null
     */
    Value attention(Value q, Value k, Value v, Value mask, long heads) {
        Map<String, Object> attributes = Map.of("num_heads", heads);
        return q.with(
                mask == null
                        ? graph.contrib("MultiHeadAttention", attributes, q.name(), k.name(), v.name())
                        : graph.contrib(
                                "MultiHeadAttention", attributes, q.name(), k.name(), v.name(), "", "", rows(mask, q)));
    }

    /** Repeats a mask (B, 1, 1, T) for each of the N tokens: (B, 1, N, T). */
    private String rows(Value mask, Value queries) {
        return masks.computeIfAbsent(mask.name(), _ -> {
            String sides = graph.node("Shape", Map.of("start", 1L, "end", 2L), queries.name());
            String shape = graph.node("Concat", Map.of("axis", 0L), graph.numbers(1, 1), sides, graph.numbers(1));
            return graph.node("Expand", Map.of(), mask.name(), shape);
        });
    }

    /** Reshapes (B, C, H, W) to (B, HW, C). */
    Value tokens(Value x) {
        return transpose(reshape(x, new Shape(x.side(0), x.side(1), -1)), 0, 2, 1);
    }

    /** Reshapes (B, HW, C) to (B, C, H, W), the shape of another value. */
    Value pixels(Value tokens, Value like) {
        return reshapeLike(transpose(tokens, 0, 2, 1), like);
    }
}
