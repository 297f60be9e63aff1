package io.ruido.job.prompting;

/**
 * A piece of a text and how much it is emphasized.
 *
 * @param text {@code null} where a new chunk begins ({@code BREAK})
 */
public record Weighted(String text, double weight) {
    static final Weighted BREAK = new Weighted(null, 1);

    public boolean isBreak() {
        return text == null;
    }
}
