package io.ruido.model.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.ruido.nn.LayerNorm;
import io.ruido.tensor.Ops;
import java.util.function.UnaryOperator;

/**
 * Adaptive layer norm with a gate, adaLN-Zero (Peebles and Xie, 2023, §3.2): x + gate · f(norm(x) · (1 + scale) + shift).
 *
 * @param parts (B, 1, D) each
 * @param first place of the shift; the scale and the gate follow it
 */
record Modulation(NDList parts, int first) {
    /** @param x (B, N, D), which stays as it is */
    NDArray add(NDArray x, LayerNorm norm, UnaryOperator<NDArray> f) {
        NDArray modulated = norm.modulated(x, parts.get(first + 1), parts.get(first));
        NDArray changed = Ops.consume(modulated, f);
        return Ops.consume(changed, y -> Ops.call("add_gated", x, y, parts.get(first + 2)));
    }
}
