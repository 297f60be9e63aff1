package io.ruido.pipeline;

/**
 * One picture to be made.
 *
 * @param sampler id of a sampler, or null for the one that the folder's configuration describes
 * @param guidance of classifier-free guidance; 1 and less is none
 */
public record SampleRequest(
        String prompt,
        String negativePrompt,
        long seed,
        int steps,
        String sampler,
        double guidance,
        int width,
        int height) {
    public SampleRequest {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be at least 1, was " + steps);
        }
        if (!Double.isFinite(guidance)) {
            throw new IllegalArgumentException("guidance must be a finite number, was " + guidance);
        }
    }

    public SampleRequest withSeed(long newSeed) {
        return new SampleRequest(prompt, negativePrompt, newSeed, steps, sampler, guidance, width, height);
    }
}
