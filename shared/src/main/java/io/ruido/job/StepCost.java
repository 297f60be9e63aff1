package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * The work of a denoising step, by the pixels of all frames. Fairness between tenants and expected ends are computed from
 * it; only ratios have a meaning.
 *
 * @param perPixel work that grows with the pixels
 * @param perPixelSquared work that grows with their square, as attention between all of them does
 */
public record StepCost(double perPixel, double perPixelSquared) {
    /** A step costs as much as the result has pixels. */
    public static final StepCost PIXELS = new StepCost(1, 0);

    public StepCost {
        check(perPixel >= 0 && Double.isFinite(perPixel), "perPixel", perPixel, "must be at least 0");
        check(
                perPixelSquared >= 0 && Double.isFinite(perPixelSquared),
                "perPixelSquared",
                perPixelSquared,
                "must be at least 0");
        check(perPixel + perPixelSquared > 0, "perPixel", perPixel, "must be positive where perPixelSquared is 0");
    }

    /** The work of one image of a job, in all passes. */
    public long of(Job job) {
        Hires hires = job.hires();
        return of(job.params())
                + (hires == null ? 0 : of(job.params().withPass(job.lastPass().geometry(), hires.stepsMade())));
    }

    /** The work of one image, at least 1. */
    public long of(SamplingParams params) {
        double pixels = params.geometry().pixels();
        return Math.max(1, Math.round(params.stepsMade() * (pixels * perPixel + pixels * pixels * perPixelSquared)));
    }
}
