package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import io.ruido.job.prompting.PromptSpan;
import java.util.List;

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

    /** Calls of the denoiser that a step of a usual image takes: for its prompt, and for its negative prompt. */
    private static final double USUAL_CALLS = 2;

    /** What LoRAs make of the time of a step, about: layers are called one by one. */
    private static final double WITH_LORAS = 1.25;

    /** The time to encode a text, as a share of a step's. */
    private static final double TEXT = 0.1;

    public StepCost {
        check(perPixel >= 0 && Double.isFinite(perPixel), "perPixel", perPixel, "must be at least 0");
        check(
                perPixelSquared >= 0 && Double.isFinite(perPixelSquared),
                "perPixelSquared",
                perPixelSquared,
                "must be at least 0");
        check(perPixel + perPixelSquared > 0, "perPixel", perPixel, "must be positive where perPixelSquared is 0");
    }

    /**
     * The work of one image of a job, at least 1: that of all passes, more for several texts between {@code AND} and for LoRAs, and
     * the image's share of encoding more than one prompt and one negative prompt.
     */
    public long of(Job job) {
        Hires hires = job.hires();
        double passes = work(job.params())
                + (hires == null ? 0 : work(job.params().withPass(job.lastPass().geometry(), hires.stepsMade())));
        List<PromptSpan> spans = PromptSpan.of(job);
        double calls = Math.max(1, (spans.getFirst().wanted().size() + 1) / USUAL_CALLS);
        double loras = job.params().prompting().loras().isEmpty() ? 1 : WITH_LORAS;
        double encoding = TEXT * further(spans) / job.images() * step(job.params());
        return Math.max(1, Math.round(passes * calls * loras + encoding));
    }

    /** How many texts there are beside one prompt and one negative prompt. */
    private static int further(List<PromptSpan> spans) {
        return PromptSpan.wanted(spans).size() + PromptSpan.unwanted(spans).size() - 2;
    }

    /** The work of one image with usual prompts, at least 1. */
    public long of(SamplingParams params) {
        return Math.max(1, Math.round(work(params)));
    }

    private double work(SamplingParams params) {
        return params.stepsMade() * step(params);
    }

    private double step(SamplingParams params) {
        double pixels = params.geometry().pixels();
        return pixels * perPixel + pixels * pixels * perPixelSquared;
    }
}
