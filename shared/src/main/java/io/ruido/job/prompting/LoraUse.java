package io.ruido.job.prompting;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * Low-rank additions that an image is made with.
 *
 * @param name of a file in {@code worker.loras}, without {@code .safetensors}
 * @param weight what the additions are multiplied with
 * @param textWeight the same for those to text encoders; null for the same weight
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LoraUse(String name, double weight, Double textWeight) {
    private static final double MOST = 100;

    public LoraUse {
        check(name != null && !name.isBlank(), "loras", name, "must have a name");
        check(valid(weight), "loras", weight, "must have weights from -100 to 100");
        check(textWeight == null || valid(textWeight), "loras", textWeight, "must have weights from -100 to 100");
    }

    /** The same weight for all parts. */
    public LoraUse(String name, double weight) {
        this(name, weight, null);
    }

    private static boolean valid(double weight) {
        return Math.abs(weight) <= MOST;
    }

    /** What additions to text encoders are multiplied with. */
    public double weightOfText() {
        return textWeight == null ? weight : textWeight;
    }
}
