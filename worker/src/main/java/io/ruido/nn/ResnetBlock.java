package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/**
 * Two 3×3 convolutions, each after group norm and a non-linearity, around a residual connection; between them a projection
 * of the timestep's embedding is added to every pixel, or scales and shifts it.
 */
public record ResnetBlock(
        GroupNorm norm1,
        Conv2d conv1,
        GroupNorm norm2,
        Conv2d conv2,
        Conv2d shortcut,
        NDArray activation,
        NDArray resampling,
        NDArray divisor) {

    /** How height and width change on the way, in the order that {@code ops.py} knows. */
    public enum Resampling {
        NONE,
        UP,
        DOWN
    }

    /**
     * What the blocks of a model have in common.
     *
     * @param timeWidth width of the timestep's embedding, or 0 for blocks without one
     * @param scaleShift whether the timestep scales and shifts, instead of being added
     * @param timeActivated whether the embedding does not pass the non-linearity first
     * @param divisor divisor of the result
     */
    public record Style(
            long timeWidth,
            long groups,
            double eps,
            Activation activation,
            boolean scaleShift,
            boolean timeActivated,
            double divisor) {
        /** Blocks without a timestep. */
        public static Style plain(long groups, double eps, Activation activation) {
            return new Style(0, groups, eps, activation, false, false, 1);
        }

        public Style withDivisor(double newDivisor) {
            return new Style(timeWidth, groups, eps, activation, scaleShift, timeActivated, newDivisor);
        }
    }

    public static ResnetBlock of(Weights weights, long in, long out, Style style) {
        return of(weights, in, out, style, Resampling.NONE);
    }

    public static ResnetBlock of(Weights weights, long in, long out, Style style, Resampling resampling) {
        return new ResnetBlock(
                GroupNorm.of(weights.at("norm1"), in, style.groups, style.eps),
                Conv2d.of(weights.at("conv1"), in, out, 3),
                GroupNorm.of(weights.at("norm2"), out, style.groups, style.eps),
                Conv2d.of(weights.at("conv2"), out, out, 3),
                in == out ? Conv2d.none() : Conv2d.of(weights.at("conv_shortcut"), in, out, 1),
                weights.constant(style.activation.ordinal()),
                weights.constant(resampling.ordinal()),
                weights.constant(style.divisor));
    }

    /** (B, in, H, W) to (B, out, H, W), for a block without a timestep. */
    public NDArray forward(NDArray x) {
        return forward(x, Ops.none());
    }

    /** (B, in, H, W) and the timestep's projection, (B, out) or (B, 2·out), to (B, out, H, W). */
    public NDArray forward(NDArray x, NDArray time) {
        return Adapters.active() ? layerByLayer(x, time) : atOnce(x, time);
    }

    private NDArray layerByLayer(NDArray x, NDArray time) {
        NDArray first = Ops.call(
                "resnet_first", x, norm1.groups(), norm1.eps(), activation, resampling, norm1.weight(), norm1.bias());
        NDArray second = Ops.consume(
                Ops.consume(first, conv1::forward),
                y -> Ops.call(
                        "resnet_second",
                        y,
                        time,
                        norm1.groups(),
                        norm1.eps(),
                        activation,
                        norm2.weight(),
                        norm2.bias()));
        NDArray result = Ops.consume(second, conv2::forward);
        NDArray resampled = Ops.call("resampled", x, resampling);
        NDArray skip = shortcut.isNone() ? resampled : Ops.consume(resampled, shortcut::pointwise);
        return Ops.consume(result, y -> Ops.consume(skip, s -> Ops.call("resnet_sum", s, y, divisor)));
    }

    private NDArray atOnce(NDArray x, NDArray time) {
        return Ops.call(
                "resnet_block",
                x,
                time,
                norm1.groups(),
                norm1.eps(),
                activation,
                resampling,
                divisor,
                norm1.weight(),
                norm1.bias(),
                conv1.weight(),
                conv1.bias(),
                norm2.weight(),
                norm2.bias(),
                conv2.weight(),
                conv2.bias(),
                shortcut.weight(),
                shortcut.bias());
    }
}
