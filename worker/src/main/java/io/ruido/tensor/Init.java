package io.ruido.tensor;

import java.util.random.RandomGenerator;

/** How a tensor starts when it is not read from a file: one value for each element. */
@FunctionalInterface
public interface Init {
    Init ZEROS = random -> 0f;
    Init ONES = random -> 1f;
    Init NORMAL = random -> (float) random.nextGaussian();

    float draw(RandomGenerator random);

    /** Uniform in ±1/√fanIn: PyTorch's start of linear and convolution layers, weight and bias. */
    static Init fan(long fanIn) {
        float bound = (float) (1 / Math.sqrt(fanIn));
        return random -> random.nextFloat(-bound, bound);
    }
}
