package io.ruido.model.wan;

import ai.djl.ndarray.NDArray;
import io.ruido.adapter.Adapters;
import io.ruido.nn.Linear;
import io.ruido.tensor.Init;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;

/**
 * Multi-head attention whose queries and keys are normalized across all heads.
 *
 * @param image projections of an image's states, which queries attend to besides those of the text; none in most models
 */
record WanAttention(
        Projection query,
        Projection key,
        Linear value,
        ImageProjections image,
        Linear out,
        NDArray heads,
        NDArray eps) {
    record Projection(Linear linear, NDArray norm) {
        static Projection of(Weights weights, String name, String norm, int in, int width) {
            return new Projection(
                    Linear.of(weights.at(name), in, width), weights.at(norm).get("weight", Init.ONES, width));
        }
    }

    record ImageProjections(Projection key, Linear value) {}

    static WanAttention toItself(WanConfig config, Weights weights) {
        Linear none = new Linear(Ops.none(), Ops.none());
        return of(config, weights, new ImageProjections(new Projection(none, Ops.none()), none));
    }

    static WanAttention toText(WanConfig config, Weights weights) {
        if (config.addedKvProjDim().isEmpty()) {
            return toItself(config, weights);
        }
        weights.skip("norm_added_q"); // in some files, and read by nobody
        int in = config.addedKvProjDim().getAsInt();
        return of(
                config,
                weights,
                new ImageProjections(
                        Projection.of(weights, "add_k_proj", "norm_added_k", in, config.width()),
                        Linear.of(weights.at("add_v_proj"), in, config.width())));
    }

    private static WanAttention of(WanConfig config, Weights weights, ImageProjections image) {
        int width = config.width();
        return new WanAttention(
                Projection.of(weights, "to_q", "norm_q", width, width),
                Projection.of(weights, "to_k", "norm_k", width, width),
                Linear.of(weights.at("to_v"), width, width),
                image,
                Linear.of(weights.at("to_out").at(0), width, width),
                weights.constant(config.numAttentionHeads()),
                weights.constant(config.eps()));
    }

    /** Attention among patches x (B, N, D). */
    NDArray forward(NDArray x, WanRotaryPosEmbed.Angles angles) {
        return forward(x, x, Ops.none(), angles.cos(), angles.sin());
    }

    /** Attention to the states of a text (B, T, D), and to those of an image (B, P, D) or none. */
    NDArray forward(NDArray x, NDArray text, NDArray imageStates) {
        return forward(x, text, imageStates, Ops.none(), Ops.none());
    }

    private NDArray forward(NDArray x, NDArray context, NDArray imageStates, NDArray cos, NDArray sin) {
        if (Adapters.active()) {
            return layerByLayer(x, context, imageStates, cos, sin);
        }
        return Ops.call(
                "normed_attention",
                x,
                context,
                imageStates,
                cos,
                sin,
                heads,
                eps,
                query.linear.weight(),
                query.linear.bias(),
                query.norm,
                key.linear.weight(),
                key.linear.bias(),
                key.norm,
                value.weight(),
                value.bias(),
                image.key.linear.weight(),
                image.key.linear.bias(),
                image.key.norm,
                image.value.weight(),
                image.value.bias(),
                out.weight(),
                out.bias());
    }

    private NDArray layerByLayer(NDArray x, NDArray context, NDArray imageStates, NDArray cos, NDArray sin) {
        boolean attendsToImage = !imageStates.isEmpty();
        NDArray attended = Ops.call(
                "attend_normed",
                query.linear.forward(x),
                key.linear.forward(context),
                value.forward(context),
                attendsToImage ? image.key.linear.forward(imageStates) : Ops.none(),
                attendsToImage ? image.value.forward(imageStates) : Ops.none(),
                cos,
                sin,
                heads,
                eps,
                query.norm,
                key.norm,
                image.key.norm);
        return Ops.consume(attended, out::forward);
    }
}
