package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/**
 * The losses of a generator and its discriminator where each real sample is compared with a generated one: "The GAN is
 * dead; long live the GAN!" (Huang et al. 2024, arXiv:2501.05441), equations 2 to 4. A discriminator that is sure still
 * gives the generator a gradient. Scores are lists of maps of equal shapes, and all maps count alike.
 */
public final class RelativisticLoss {
    private RelativisticLoss() {}

    /**
     * The discriminator's loss, which is small when real samples score higher than generated ones: the mean of
     * softplus(fake − real).
     */
    public static NDArray discriminator(List<NDArray> real, List<NDArray> fake) {
        return mean(real, fake, (r, f) -> softplus(f.sub(r)));
    }

    /** The generator's loss, which is small when generated samples score higher than real ones. */
    public static NDArray generator(List<NDArray> real, List<NDArray> fake) {
        return discriminator(fake, real);
    }

    /**
     * ‖D(x) − D(x + σn)‖²/σ², which approximates the penalty of the discriminator's gradient at x without second
     * derivatives (Lin et al. 2025, arXiv:2501.08316, §3.4).
     *
     * @param scores scores of x
     * @param shaken scores of x + σn, n standard normal
     */
    public static NDArray penalty(List<NDArray> scores, List<NDArray> shaken, double sigma) {
        return Ops.scale(mean(scores, shaken, (s, n) -> s.sub(n).square()), 1 / (sigma * sigma));
    }

    private static NDArray mean(List<NDArray> some, List<NDArray> others, BinaryOperator<NDArray> function) {
        NDArray sum = IntStream.range(0, some.size())
                .mapToObj(i -> function.apply(some.get(i), others.get(i)).mean())
                .reduce(NDArray::add)
                .orElseThrow();
        return Ops.scale(sum, 1.0 / some.size());
    }

    private static NDArray softplus(NDArray x) {
        return x.getNDArrayInternal().softPlus();
    }
}
