package io.ruido.train.recipe;

/**
 * AdamW with warm-up, a plateau and cosine decay.
 *
 * @param decay the last steps, over which the learning rate falls along a half cosine
 * @param clip largest norm of all gradients together
 * @param ema decay of the averaged weights, which are the ones exported
 * @param evaluateEvery steps between sample grids with their measures
 */
public record Optimization(
        int steps,
        int batch,
        double learningRate,
        int warmup,
        int decay,
        double beta1,
        double beta2,
        double weightDecay,
        double clip,
        double ema,
        int checkpointEvery,
        int evaluateEvery) {
    public Optimization {
        new Problems()
                .within("steps", steps, 1, 100_000_000)
                .within("batch", batch, 1, 65_536)
                .within("learningRate", learningRate, 1e-12, 1)
                .within("warmup", warmup, 0, Math.max(steps, 0))
                .within("decay", decay, 0, Math.max(steps, 0))
                .within("beta1", beta1, 0, 0.999999)
                .within("beta2", beta2, 0, 0.999999)
                .within("weightDecay", weightDecay, 0, 1)
                .positive("clip", clip)
                .within("ema", ema, 0, 0.999999)
                .within("checkpointEvery", checkpointEvery, 1, 1_000_000)
                .within("evaluateEvery", evaluateEvery, 1, 1_000_000)
                .reject();
    }

    /** The learning rate of one step, counted from 0. */
    public double learningRateAt(int step) {
        double rising = warmup == 0 ? 1 : Math.min(1, (step + 1.0) / warmup);
        double left = decay == 0 ? 1 : Math.min(1, (steps - step) / (double) decay);
        return learningRate * rising * (0.01 + 0.99 * 0.5 * (1 - Math.cos(Math.PI * left)));
    }

    /** The same with another learning rate. */
    public Optimization withLearningRate(double rate) {
        return new Optimization(
                steps,
                batch,
                rate,
                warmup,
                decay,
                beta1,
                beta2,
                weightDecay,
                clip,
                ema,
                checkpointEvery,
                evaluateEvery);
    }

    /** The averaging decay of one step: short in the beginning, so that early weights are soon forgotten. */
    public double emaAt(int step) {
        return Math.min(ema, (1.0 + step) / (10.0 + step));
    }
}
