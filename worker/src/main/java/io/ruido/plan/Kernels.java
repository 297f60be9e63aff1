package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The operations of {@code ops.py} as nodes of a graph, by the same names and for weights that are not packed. */
final class Kernels {
    private static final float QUICK_GELU = 1.702f;

    private final Graph graph;

    /** Masks for each token, by the name of the mask for all. */
    private final Map<String, String> masks = new HashMap<>();

    Kernels(Graph graph) {
        this.graph = graph;
    }

    /** The arguments of an operation, one after another. */
    private record Arguments(NDArray[] arrays, Recorder recorder, int[] next) {
        Arguments(NDArray[] arrays, Recorder recorder) {
            this(arrays, recorder, new int[1]);
        }

        NDArray array() {
            return arrays[next[0]++];
        }

        Value value() {
            NDArray array = array();
            return array.isEmpty() ? null : recorder.value(array);
        }

        long number() {
            NDArray array = array();
            return switch (array.getDataType()) {
                case BOOLEAN -> array.getBoolean() ? 1 : 0;
                case INT32 -> array.getInt();
                default -> array.getLong();
            };
        }

        float decimal() {
            NDArray array = array();
            return array.getDataType() == DataType.FLOAT64 ? (float) array.getDouble() : array.getFloat();
        }

        boolean flag() {
            return number() != 0;
        }
    }

    Value call(String method, NDArray[] arrays, Recorder recorder) {
        var a = new Arguments(arrays, recorder);
        return switch (method) {
            case "activate" -> activate(a.value(), a.number());
            case "conv2d" -> conv2d(a.value(), a.array(), a.value(), recorder);
            case "patches" -> patches(a.value(), a.value(), a.value());
            case "downsample" -> convolve(a.value(), a.value(), a.value(), 2, 1, 1);
            case "downsample_asymmetric" -> convolve(a.value(), a.value(), a.value(), 2, 0, 1);
            case "upsample" -> convolve(upsample(a.value()), a.value(), a.value(), 1, 1, 1);
            case "upsample_like" -> upsampleLike(a.value(), a.value(), a.value(), a.value());
            case "group_norm" -> normalize(a.value(), a.number(), a.decimal(), a.value(), a.value());
            case "group_norm_silu" -> activate(normalize(a.value(), a.number(), a.decimal(), a.value(), a.value()), 0);
            case "layer_norm" -> layerNorm(a.value(), a.decimal(), a.value(), a.value());
            case "embedding" -> embedding(a.value(), a.value());
            case "sinusoids" -> sinusoids(a.value(), a.value(), a.flag(), a.flag());
            case "fourier" -> fourier(a.value(), a.flag(), a.flag(), a.value());
            case "embedding_mlp" -> embeddingMlp(a);
            case "silu_linear" -> linear(activate(a.value(), 0), a.value(), a.value());
            case "linear" -> linear(a.value(), a.value(), a.value());
            case "resnet_block" -> resnetBlock(a, recorder);
            case "attention" -> attention(a);
            case "spatial_attention" -> spatialAttention(a);
            case "to_tokens" -> toTokens(a);
            case "add_tokens" -> addTokens(a.value(), a.value(), a.value(), a.value());
            case "geglu" -> geglu(a, recorder);
            case "transformer_block" -> transformerBlock(a, recorder);
            case "mlp" -> mlp(a.value(), a.number(), a.value(), a.value(), a.value(), a.value());
            case "modulate" -> modulate(a.value(), a.value(), a.value(), a.decimal(), a.value(), a.value());
            case "add_gated" -> addGated(a.value(), a.value(), a.value());
            case "unpatchify" -> unpatchify(a.value(), a.number(), a.number(), a.number(), recorder);
            case "to_float32" -> cast(a.value(), DataType.FLOAT32);
            default -> throw new UnsupportedOperationException("a plan has no operation " + method);
        };
    }

    Value binary(String op, Value x, Value y) {
        return new Value(graph.node(op, Map.of(), x.name(), y.name()), broadcast(x.shape(), y.shape()), x.type());
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

    /** The first side, of the batch, stays open: it is copied, or it is what the others leave. */
    Value reshape(Value x, Shape wanted) {
        long[] sides = wanted.getShape().clone();
        long known = Arrays.stream(sides).filter(side -> side >= 0).reduce(1, (p, q) -> p * q);
        for (int i = 0; i < sides.length; i++) {
            sides[i] = sides[i] < 0 ? x.shape().size() / known : sides[i];
        }
        boolean batchStays = sides[0] == x.side(0);
        long[] target = batchStays ? wanted.getShape().clone() : sides.clone();
        target[0] = batchStays ? 0 : -1;
        return new Value(graph.node("Reshape", Map.of(), x.name(), graph.numbers(target)), new Shape(sides), x.type());
    }

    /** To the shape of another, which has as many elements. */
    private Value reshapeLike(Value x, Value like) {
        String shape = graph.node("Shape", Map.of(), like.name());
        return new Value(graph.node("Reshape", Map.of(), x.name(), shape), like.shape(), x.type());
    }

    Value transpose(Value x, int... axes) {
        long[] sides = Arrays.stream(axes).mapToLong(x.shape()::get).toArray();
        long[] perm = Arrays.stream(axes).mapToLong(axis -> axis).toArray();
        return new Value(graph.node("Transpose", Map.of("perm", perm), x.name()), new Shape(sides), x.type());
    }

    Value cast(Value x, DataType type) {
        if (x.type() == type) {
            return x;
        }
        long number =
                switch (type) {
                    case FLOAT32 -> 1;
                    case INT64 -> 7;
                    default -> throw new UnsupportedOperationException("a plan has no arrays of type " + type);
                };
        return new Value(graph.node("Cast", Map.of("to", number), x.name()), x.shape(), type);
    }

    private Value activate(Value x, long kind) {
        return switch ((int) kind) {
            case -1 -> x;
            case 0 -> x.with(graph.contrib("QuickGelu", Map.of("alpha", 1f), x.name()));
            case 1 -> x.with(graph.node("Gelu", Map.of(), x.name()));
            case 2 -> x.with(graph.node("Gelu", Map.of("approximate", "tanh"), x.name()));
            case 3 -> x.with(graph.contrib("QuickGelu", Map.of("alpha", QUICK_GELU), x.name()));
            case 4 -> x.with(graph.node("Relu", Map.of(), x.name()));
            case 5 -> x.with(graph.node("Mish", Map.of(), x.name()));
            default -> throw new UnsupportedOperationException("a plan has no activation " + kind);
        };
    }

    private Value conv2d(Value x, NDArray weight, Value bias, Recorder recorder) {
        if (weight.getShape().dimension() == 2) { // a linear layer's, of each pixel
            Shape shape = weight.getShape();
            weight = weight.reshape(shape.get(0), shape.get(1), 1, 1);
        }
        Value kernel = recorder.weight(weight);
        long pad = (kernel.side(-1) - 1) / 2;
        return convolve(x, kernel, bias, 1, pad, pad);
    }

    private Value convolve(Value x, Value weight, Value bias, long stride, long before, long after) {
        List<String> inputs = new ArrayList<>(List.of(x.name(), weight.name()));
        if (bias != null) {
            inputs.add(bias.name());
        }
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
        return new Value(graph.node("Conv", attributes, inputs.toArray(String[]::new)), shape, x.type());
    }

    private Value patches(Value x, Value weight, Value bias) {
        return convolve(x, weight, bias, weight.side(-1), 0, 0);
    }

    private Value upsample(Value x) {
        String name = graph.node(
                "Resize",
                Map.of("mode", "nearest", "coordinate_transformation_mode", "asymmetric", "nearest_mode", "floor"),
                x.name(),
                "",
                graph.vector(1, 1, 2, 2));
        return new Value(name, new Shape(x.side(0), x.side(1), 2 * x.side(2), 2 * x.side(3)), x.type());
    }

    private Value upsampleLike(Value x, Value like, Value weight, Value bias) {
        if (like.side(2) != 2 * x.side(2) || like.side(3) != 2 * x.side(3)) {
            throw new UnsupportedOperationException("the sides of a feature map do not double on the way up");
        }
        return convolve(upsample(x), weight, bias, 1, 1, 1);
    }

    /** As an instance norm of the groups, whose pixels lie one after another, then scaled and shifted by channels. */
    private Value normalize(Value x, long groups, float eps, Value weight, Value bias) {
        Shape shape = x.shape();
        Value grouped = reshape(x, new Shape(shape.get(0), groups, -1));
        Value normed = grouped.with(graph.node(
                "InstanceNormalization",
                Map.of("epsilon", eps),
                grouped.name(),
                graph.repeated(1, groups),
                graph.repeated(0, groups)));
        Value channels = reshapeLike(normed, x);
        Value scaled = binary("Mul", channels, perChannel(weight));
        return binary("Add", scaled, perChannel(bias));
    }

    /** (C) as (C, 1, 1) */
    private Value perChannel(Value vector) {
        var shape = new Shape(vector.side(0), 1, 1);
        String name = graph.node("Reshape", Map.of(), vector.name(), graph.numbers(shape.getShape()));
        return new Value(name, shape, vector.type());
    }

    private Value layerNorm(Value x, float eps, Value weight, Value bias) {
        String scale = weight == null ? graph.repeated(1, x.side(-1)) : weight.name();
        Map<String, Object> attributes = Map.of("axis", -1L, "epsilon", eps);
        return x.with(
                bias == null
                        ? graph.node("LayerNormalization", attributes, x.name(), scale)
                        : graph.node("LayerNormalization", attributes, x.name(), scale, bias.name()));
    }

    private Value embedding(Value ids, Value weight) {
        long[] sides = Arrays.copyOf(ids.shape().getShape(), ids.shape().dimension() + 1);
        sides[sides.length - 1] = weight.side(1);
        return new Value(graph.node("Gather", Map.of(), weight.name(), ids.name()), new Shape(sides), weight.type());
    }

    private Value sinusoids(Value t, Value freqs, boolean cosFirst, boolean odd) {
        Value both = wave(binary("Mul", column(t), freqs), cosFirst);
        return odd
                ? new Value(
                        graph.node("Pad", Map.of(), both.name(), graph.numbers(0, 0, 0, 1)),
                        new Shape(both.side(0), both.side(1) + 1),
                        both.type())
                : both;
    }

    private Value fourier(Value t, boolean logarithm, boolean cosFirst, Value freqs) {
        Value x = logarithm ? t.with(graph.node("Log", Map.of(), t.name())) : t;
        Value turns = binary("Mul", binary("Mul", column(x), freqs), Value.of(graph, 2));
        return wave(binary("Mul", turns, Value.of(graph, (float) Math.PI)), cosFirst);
    }

    /** (B) as (B, 1) */
    private Value column(Value t) {
        String name = graph.node("Unsqueeze", Map.of(), t.name(), graph.numbers(1));
        return new Value(name, new Shape(t.side(0), 1), t.type());
    }

    /** Sines and cosines side by side. */
    private Value wave(Value angles, boolean cosFirst) {
        String cos = graph.node("Cos", Map.of(), angles.name());
        String sin = graph.node("Sin", Map.of(), angles.name());
        String both = graph.node("Concat", Map.of("axis", 1L), cosFirst ? cos : sin, cosFirst ? sin : cos);
        return new Value(both, new Shape(angles.side(0), 2 * angles.side(1)), angles.type());
    }

    private Value embeddingMlp(Arguments a) {
        Value x = a.value();
        Value condition = a.value();
        long kind = a.number();
        long post = a.number();
        Value conditionWeight = a.value();
        if (condition != null) {
            x = binary("Add", x, linear(condition, conditionWeight, null));
        }
        Value h = activate(linear(x, a.value(), a.value()), kind);
        return activate(linear(h, a.value(), a.value()), post);
    }

    /** x (…, D), weight (K, D) or (K, D, 1, 1) */
    private Value linear(Value x, Value weight, Value bias) {
        Value matrix = weight.shape().dimension() == 2
                ? weight
                : new Value(
                        graph.node("Reshape", Map.of(), weight.name(), graph.numbers(weight.side(0), weight.side(1))),
                        new Shape(weight.side(0), weight.side(1)),
                        weight.type());
        long[] sides = x.shape().getShape().clone();
        sides[sides.length - 1] = matrix.side(0);
        var shape = new Shape(sides);
        if (sides.length == 2) {
            Map<String, Object> attributes = Map.of("transB", 1L);
            String name = bias == null
                    ? graph.node("Gemm", attributes, x.name(), matrix.name())
                    : graph.node("Gemm", attributes, x.name(), matrix.name(), bias.name());
            return new Value(name, shape, x.type());
        }
        var product =
                new Value(graph.contrib("FusedMatMul", Map.of("transB", 1L), x.name(), matrix.name()), shape, x.type());
        return bias == null ? product : binary("Add", product, bias);
    }

    private Value resample(Value x, long mode) {
        return switch ((int) mode) {
            case 1 -> upsample(x);
            case 2 ->
                new Value(
                        graph.node(
                                "AveragePool",
                                Map.of("kernel_shape", new long[] {2, 2}, "strides", new long[] {2, 2}),
                                x.name()),
                        new Shape(x.side(0), x.side(1), x.side(2) / 2, x.side(3) / 2),
                        x.type());
            default -> x;
        };
    }

    private Value resnetBlock(Arguments a, Recorder recorder) {
        Value x = a.value();
        Value time = a.value();
        long groups = a.number();
        float eps = a.decimal();
        long kind = a.number();
        long mode = a.number();
        float divisor = a.decimal();
        Value h = activate(normalize(x, groups, eps, a.value(), a.value()), kind);
        h = convolve(resample(h, mode), a.value(), a.value(), 1, 1, 1);
        x = resample(x, mode);
        Value scale = null;
        Value shift = null;
        if (time != null) {
            Value pixels = new Value(
                    graph.node("Unsqueeze", Map.of(), time.name(), graph.numbers(2, 3)),
                    new Shape(time.side(0), time.side(1), 1, 1),
                    time.type());
            if (time.side(1) == h.side(1)) {
                h = binary("Add", h, pixels);
            } else {
                List<Value> halves = halves(pixels, 1);
                scale = halves.get(0);
                shift = halves.get(1);
            }
        }
        h = normalize(h, groups, eps, a.value(), a.value());
        if (scale != null) {
            h = binary("Add", binary("Mul", h, binary("Add", scale, Value.of(graph, 1))), shift);
        }
        h = convolve(activate(h, kind), a.value(), a.value(), 1, 1, 1);
        NDArray shortcut = a.array();
        Value shortcutBias = a.value();
        if (!shortcut.isEmpty()) {
            x = conv2d(x, shortcut, shortcutBias, recorder);
        }
        h = binary("Add", x, h);
        return divisor == 1 ? h : binary("Div", h, Value.of(graph, divisor));
    }

    private List<Value> halves(Value x, int axis) {
        long half = x.side(axis) / 2;
        List<String> names = graph.nodes("Split", 2, Map.of("axis", (long) axis), x.name(), graph.numbers(half, half));
        long[] sides = x.shape().getShape().clone();
        sides[axis] = half;
        return names.stream()
                .map(name -> new Value(name, new Shape(sides), x.type()))
                .toList();
    }

    private Value attend(Value x, Value context, Value mask, long heads, Value[] p) {
        Value q = linear(x, p[0], p[1]);
        Value k = linear(context, p[2], p[3]);
        Value v = linear(context, p[4], p[5]);
        Map<String, Object> attributes = Map.of("num_heads", heads);
        String name = mask == null
                ? graph.contrib("MultiHeadAttention", attributes, q.name(), k.name(), v.name())
                : graph.contrib("MultiHeadAttention", attributes, q.name(), k.name(), v.name(), "", "", rows(mask, q));
        return q.with(name);
    }

    /** A mask (B, 1, 1, T) for each of the N tokens: (B, 1, N, T). */
    private String rows(Value mask, Value queries) {
        return masks.computeIfAbsent(mask.name(), _ -> {
            String sides = graph.node("Shape", Map.of("start", 1L, "end", 2L), queries.name());
            String ones = graph.numbers(1, 1);
            String shape = graph.node("Concat", Map.of("axis", 0L), ones, sides, graph.numbers(1));
            return graph.node("Expand", Map.of(), mask.name(), shape);
        });
    }

    private static Value[] projections(Arguments a) {
        return new Value[] {a.value(), a.value(), a.value(), a.value(), a.value(), a.value()};
    }

    private Value attention(Arguments a) {
        Value x = a.value();
        Value context = a.value();
        Value mask = a.value();
        long heads = a.number();
        Value o = attend(x, context, mask, heads, projections(a));
        return linear(o, a.value(), a.value());
    }

    private Value spatialAttention(Arguments a) {
        Value x = a.value();
        long groups = a.number();
        float eps = a.decimal();
        float divisor = a.decimal();
        Value normWeight = a.value();
        Value normBias = a.value();
        Value normed = normWeight == null ? x : normalize(x, groups, eps, normWeight, normBias);
        Value tokens = tokens(normed);
        long heads = a.number();
        Value o = linear(attend(tokens, tokens, null, heads, projections(a)), a.value(), a.value());
        Value sum = binary("Add", x, pixels(o, x));
        return divisor == 1 ? sum : binary("Div", sum, Value.of(graph, divisor));
    }

    /** (B, C, H, W) as (B, HW, C) */
    private Value tokens(Value x) {
        return transpose(reshape(x, new Shape(x.side(0), x.side(1), -1)), 0, 2, 1);
    }

    /** The way back. */
    private Value pixels(Value tokens, Value like) {
        Value planes = transpose(tokens, 0, 2, 1);
        return reshapeLike(planes, like);
    }

    private Value toTokens(Arguments a) {
        Value normed = normalize(a.value(), a.number(), a.decimal(), a.value(), a.value());
        return linear(tokens(normed), a.value(), a.value());
    }

    private Value addTokens(Value x, Value tokens, Value weight, Value bias) {
        return binary("Add", x, pixels(linear(tokens, weight, bias), x));
    }

    /** The hidden layer of GEGLU. Both halves of the weight are used where they are. */
    private Value gated(Value x, Arguments a, Recorder recorder) {
        NDArray projWeight = a.array();
        NDArray projBias = a.array();
        a.array();
        a.array();
        long half = projWeight.getShape().get(0) / 2;
        var first = new NDIndex(":{}", half);
        var second = new NDIndex("{}:", half);
        Value gate = linear(x, recorder.weight(projWeight.get(second)), recorder.weight(projBias.get(second)));
        Value hidden = linear(x, recorder.weight(projWeight.get(first)), recorder.weight(projBias.get(first)));
        return binary("Mul", hidden, activate(gate, 1));
    }

    private Value geglu(Arguments a, Recorder recorder) {
        Value hidden = gated(a.value(), a, recorder);
        return linear(hidden, a.value(), a.value());
    }

    private Value transformerBlock(Arguments a, Recorder recorder) {
        Value x = a.value();
        Value context = a.value();
        long heads = a.number();
        float eps = a.decimal();
        boolean onlyCross = a.flag();
        a.array();
        Value h = layerNorm(x, eps, a.value(), a.value());
        Value o = attend(h, onlyCross ? context : h, null, heads, withoutBias(a));
        x = binary("Add", x, linear(o, a.value(), a.value()));
        h = layerNorm(x, eps, a.value(), a.value());
        o = attend(h, context, null, heads, withoutBias(a));
        x = binary("Add", x, linear(o, a.value(), a.value()));
        h = layerNorm(x, eps, a.value(), a.value());
        return binary("Add", x, linear(gated(h, a, recorder), a.value(), a.value()));
    }

    private static Value[] withoutBias(Arguments a) {
        return new Value[] {a.value(), null, a.value(), null, a.value(), null};
    }

    private Value mlp(Value x, long kind, Value projWeight, Value projBias, Value outWeight, Value outBias) {
        return linear(activate(linear(x, projWeight, projBias), kind), outWeight, outBias);
    }

    private Value modulate(Value x, Value scale, Value shift, float eps, Value weight, Value bias) {
        Value normed = layerNorm(x, eps, weight, bias);
        return binary("Add", binary("Mul", normed, binary("Add", scale, Value.of(graph, 1))), shift);
    }

    private Value addGated(Value x, Value y, Value gate) {
        return binary("Add", x, binary("Mul", y, gate));
    }

    /** The numbers of patches belong to the size of the latents, not to the graph. */
    private Value unpatchify(Value tokens, long h, long w, long p, Recorder recorder) {
        long channels = tokens.side(2) / (p * p);
        var parts = new Shape(tokens.side(0), h, w, p, p, channels);
        var whole = new Shape(tokens.side(0), channels, h * p, w * p);
        String split = graph.node("Reshape", Map.of(), tokens.name(), recorder.given(-1, h, w, p, p, channels));
        Value moved = transpose(new Value(split, parts, tokens.type()), 0, 5, 1, 3, 2, 4);
        String joined = graph.node("Reshape", Map.of(), moved.name(), recorder.given(-1, channels, h * p, w * p));
        return new Value(joined, whole, tokens.type());
    }
}
