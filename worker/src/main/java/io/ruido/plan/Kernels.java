package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/** The operations of {@code ops.py} as nodes of a graph, by the same names and for weights that are not packed. */
final class Kernels {
    private static final long SILU = 0;
    private static final long GELU = 1;

    private final Recorder recorder;
    private final Nodes nodes;

    Kernels(Recorder recorder, Nodes nodes) {
        this.recorder = recorder;
        this.nodes = nodes;
    }

    /** The arguments of an operation, one after another. */
    private static final class Arguments {
        private final NDArray[] arrays;
        private final Recorder recorder;
        private int next;

        Arguments(NDArray[] arrays, Recorder recorder) {
            this.arrays = arrays;
            this.recorder = recorder;
        }

        NDArray array() {
            return arrays[next++];
        }

        /** Returns null for an absent argument. */
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

    /** @throws UnsupportedOperationException naming the operation, when there is none */
    Value call(String method, NDArray... arrays) {
        var a = new Arguments(arrays, recorder);
        return switch (method) {
            case "activate" -> nodes.activate(a.value(), a.number());
            case "conv2d" -> nodes.conv2d(a.value(), a.value(), a.value());
            case "patches" -> patches(a.value(), a.value(), a.value());
            case "downsample" -> nodes.convolve(a.value(), a.value(), a.value(), 2, 1, 1);
            case "downsample_asymmetric" -> nodes.convolve(a.value(), a.value(), a.value(), 2, 0, 1);
            case "upsample" -> nodes.convolve(nodes.upsample(a.value()), a.value(), a.value());
            case "upsample_like" -> nodes.convolve(nodes.upsampleLike(a.value(), a.value()), a.value(), a.value());
            case "group_norm" -> groupNorm(a);
            case "group_norm_silu" -> nodes.activate(groupNorm(a), SILU);
            case "layer_norm" -> nodes.layerNorm(a.value(), a.decimal(), a.value(), a.value());
            case "embedding" -> embedding(a.value(), a.value());
            case "sinusoids" -> sinusoids(a.value(), a.value(), a.flag(), a.flag());
            case "fourier" -> fourier(a.value(), a.flag(), a.flag(), a.value());
            case "embedding_mlp" -> embeddingMlp(a);
            case "silu_linear" -> nodes.linear(nodes.activate(a.value(), SILU), a.value(), a.value());
            case "linear" -> nodes.linear(a.value(), a.value(), a.value());
            case "resnet_block" -> resnetBlock(a);
            case "attention" -> attention(a);
            case "spatial_attention" -> spatialAttention(a);
            case "to_tokens" -> nodes.linear(nodes.tokens(groupNorm(a)), a.value(), a.value());
            case "add_tokens" -> addTokens(a.value(), a.value(), a.value(), a.value());
            case "geglu" -> nodes.linear(gated(a.value(), a), a.value(), a.value());
            case "transformer_block" -> transformerBlock(a);
            case "mlp" -> mlp(a);
            case "modulate" -> modulate(a.value(), a.value(), a.value(), a.decimal(), a.value(), a.value());
            case "add_gated" -> nodes.add(a.value(), nodes.mul(a.value(), a.value()));
            case "unpatchify" -> unpatchify(a.value(), a.number(), a.number(), a.number());
            case "to_float32" -> nodes.cast(a.value(), DataType.FLOAT32);
            default -> throw new UnsupportedOperationException("a plan has no operation " + method);
        };
    }

    private Value patches(Value x, Value weight, Value bias) {
        return nodes.convolve(x, weight, bias, weight.side(-1), 0, 0);
    }

    private Value groupNorm(Arguments a) {
        return nodes.groupNorm(a.value(), a.number(), a.decimal(), a.value(), a.value());
    }

    private Value embedding(Value ids, Value weight) {
        return nodes.gather(weight, ids);
    }

    private Value sinusoids(Value t, Value freqs, boolean cosFirst, boolean odd) {
        Value both = wave(nodes.mul(nodes.expandDims(t, 1), freqs), cosFirst);
        return odd ? nodes.padded(both) : both;
    }

    private Value fourier(Value t, boolean logarithm, boolean cosFirst, Value freqs) {
        Value x = logarithm ? nodes.elementwise("Log", t) : t;
        Value turns = nodes.mul(nodes.mul(nodes.expandDims(x, 1), freqs), nodes.decimal(2));
        return wave(nodes.mul(turns, nodes.decimal((float) Math.PI)), cosFirst);
    }

    /** Puts sines and cosines side by side. */
    private Value wave(Value angles, boolean cosFirst) {
        Value cos = nodes.elementwise("Cos", angles);
        Value sin = nodes.elementwise("Sin", angles);
        return cosFirst ? nodes.concat(cos, sin, 1) : nodes.concat(sin, cos, 1);
    }

    private Value embeddingMlp(Arguments a) {
        Value x = a.value();
        Value condition = a.value();
        long kind = a.number();
        long post = a.number();
        Value conditionWeight = a.value();
        if (condition != null) {
            x = nodes.add(x, nodes.linear(condition, conditionWeight, null));
        }
        Value h = nodes.activate(nodes.linear(x, a.value(), a.value()), kind);
        return nodes.activate(nodes.linear(h, a.value(), a.value()), post);
    }

    private Value resample(Value x, long mode) {
        return switch ((int) mode) {
            case 1 -> nodes.upsample(x);
            case 2 -> nodes.averagePool(x);
            default -> x;
        };
    }

    private Value resnetBlock(Arguments a) {
        Value x = a.value();
        Value time = a.value();
        long groups = a.number();
        float eps = a.decimal();
        long kind = a.number();
        long mode = a.number();
        float divisor = a.decimal();
        Value h = nodes.activate(nodes.groupNorm(x, groups, eps, a.value(), a.value()), kind);
        h = nodes.convolve(resample(h, mode), a.value(), a.value());
        x = resample(x, mode);
        List<Value> scaleShift = List.of();
        if (time != null) {
            Value pixels = nodes.expandDims(time, 2, 3);
            if (time.side(1) == h.side(1)) {
                h = nodes.add(h, pixels);
            } else {
                scaleShift = nodes.halves(pixels, 1);
            }
        }
        h = nodes.groupNorm(h, groups, eps, a.value(), a.value());
        h = scaleShift.isEmpty() ? h : nodes.modulated(h, scaleShift.getFirst(), scaleShift.getLast());
        h = nodes.convolve(nodes.activate(h, kind), a.value(), a.value());
        Value shortcut = a.value();
        Value shortcutBias = a.value();
        x = shortcut == null ? x : nodes.conv2d(x, shortcut, shortcutBias);
        return nodes.divided(nodes.add(x, h), divisor);
    }

    /** Reads weights and biases of queries, keys and values from the arguments. */
    private Value attend(Value x, Value context, Value mask, long heads, Arguments a) {
        Value q = nodes.linear(x, a.value(), a.value());
        Value k = nodes.linear(context, a.value(), a.value());
        Value v = nodes.linear(context, a.value(), a.value());
        return nodes.attention(q, k, v, mask, heads);
    }

    /** Reads weights of queries, keys and values, which have no biases; there is no mask. */
    private Value attend(Value x, Value context, long heads, Arguments a) {
        Value q = nodes.linear(x, a.value(), null);
        Value k = nodes.linear(context, a.value(), null);
        Value v = nodes.linear(context, a.value(), null);
        return nodes.attention(q, k, v, null, heads);
    }

    private Value attention(Arguments a) {
        Value o = attend(a.value(), a.value(), a.value(), a.number(), a);
        return nodes.linear(o, a.value(), a.value());
    }

    private Value spatialAttention(Arguments a) {
        Value x = a.value();
        long groups = a.number();
        float eps = a.decimal();
        float divisor = a.decimal();
        Value normWeight = a.value();
        Value normBias = a.value();
        Value tokens = nodes.tokens(normWeight == null ? x : nodes.groupNorm(x, groups, eps, normWeight, normBias));
        Value o = attend(tokens, tokens, null, a.number(), a);
        o = nodes.linear(o, a.value(), a.value());
        return nodes.divided(nodes.add(x, nodes.pixels(o, x)), divisor);
    }

    private Value addTokens(Value x, Value tokens, Value weight, Value bias) {
        return nodes.add(x, nodes.pixels(nodes.linear(tokens, weight, bias), x));
    }

    /** Computes the hidden layer of GEGLU. Both halves of the weight are used where they are. */
    private Value gated(Value x, Arguments a) {
        NDArray weight = a.array();
        NDArray bias = a.array();
        a.array();
        a.array();
        long half = weight.getShape().get(0) / 2;
        var first = new NDIndex(":{}", half);
        var second = new NDIndex("{}:", half);
        Value gate = nodes.linear(x, recorder.weight(weight.get(second)), recorder.weight(bias.get(second)));
        Value hidden = nodes.linear(x, recorder.weight(weight.get(first)), recorder.weight(bias.get(first)));
        return nodes.mul(hidden, nodes.activate(gate, GELU));
    }

    private Value transformerBlock(Arguments a) {
        Value x = a.value();
        Value context = a.value();
        long heads = a.number();
        float eps = a.decimal();
        boolean onlyCross = a.flag();
        a.array();
        Value h = nodes.layerNorm(x, eps, a.value(), a.value());
        Value o = attend(h, onlyCross ? context : h, heads, a);
        x = nodes.add(x, nodes.linear(o, a.value(), a.value()));
        h = nodes.layerNorm(x, eps, a.value(), a.value());
        o = attend(h, context, heads, a);
        x = nodes.add(x, nodes.linear(o, a.value(), a.value()));
        h = nodes.layerNorm(x, eps, a.value(), a.value());
        return nodes.add(x, nodes.linear(gated(h, a), a.value(), a.value()));
    }

    private Value mlp(Arguments a) {
        Value x = a.value();
        long kind = a.number();
        Value hidden = nodes.activate(nodes.linear(x, a.value(), a.value()), kind);
        return nodes.linear(hidden, a.value(), a.value());
    }

    private Value modulate(Value x, Value scale, Value shift, float eps, Value weight, Value bias) {
        return nodes.modulated(nodes.layerNorm(x, eps, weight, bias), scale, shift);
    }

    /** Joins patches, whose numbers belong to the size of the latents, not to the graph. */
    private Value unpatchify(Value tokens, long h, long w, long p) {
        long batch = tokens.side(0);
        long channels = tokens.side(2) / (p * p);
        var parts = new Shape(batch, h, w, p, p, channels);
        var whole = new Shape(batch, channels, h * p, w * p);
        Value split = nodes.reshape(tokens, parts, recorder.given(-1, h, w, p, p, channels));
        Value moved = nodes.transpose(split, 0, 5, 1, 3, 2, 4);
        return nodes.reshape(moved, whole, recorder.given(-1, channels, h * p, w * p));
    }
}
