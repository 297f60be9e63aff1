package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.tensor.Ops;

/**
 * The lengths of the rows of W + s·B·A for any s: ‖w + s·d‖² = w·w + 2s·w·d + s²·d·d of a row w of W and a row d of B·A.
 *
 * @param magnitude learned length of each row
 * @param weight w·w of each row
 * @param mixed w·d
 * @param delta d·d
 */
record RowLengths(float[] magnitude, float[] weight, float[] mixed, float[] delta) {
    /** @param scratch owner of the intermediate results */
    static RowLengths of(NDManager scratch, NDArray weight, LoraModule module) {
        NDArray rows = float32(scratch, weight, weight.getShape().get(0));
        NDArray up = float32(scratch, module.up, module.up.getShape().get(0));
        NDArray delta = up.matMul(float32(scratch, module.down, module.rank()));
        return new RowLengths(
                float32(scratch, module.magnitude, module.magnitude.size()).toFloatArray(),
                product(rows, rows),
                product(rows, delta),
                product(delta, delta));
    }

    private static NDArray float32(NDManager scratch, NDArray array, long rows) {
        NDArray view = array.reshape(rows, -1);
        view.attach(scratch);
        return Ops.cast(view, DataType.FLOAT32);
    }

    private static float[] product(NDArray a, NDArray b) {
        return a.mul(b).sum(new int[] {1}).toFloatArray();
    }

    /** m / ‖W + s·B·A‖ of each row (Liu et al., 2024, §4.1). */
    float[] gains(double scale) {
        float[] gains = new float[magnitude.length];
        for (int i = 0; i < gains.length; i++) {
            double square = weight[i] + 2 * scale * mixed[i] + scale * scale * delta[i];
            gains[i] = (float) (magnitude[i] / Math.sqrt(square));
        }
        return gains;
    }

    long bytes() {
        return 4L * weight.length * Float.BYTES;
    }
}
