package io.ruido.pipeline.text;

/**
 * The end of a text, which does not fit into the text encoder.
 *
 * @param tokens number of tokens that are cut off
 * @param room number of tokens that the text encoder takes
 * @param text that is cut off
 */
public record CutOff(int tokens, int room, String text) {
    private static final int SHOWN = 100;

    @Override
    public String toString() {
        String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
        return "the last %d tokens are cut off because the model takes %d: \"%s\"".formatted(tokens, room, shown);
    }
}
