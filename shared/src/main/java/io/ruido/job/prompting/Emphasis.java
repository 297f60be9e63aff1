package io.ruido.job.prompting;

import io.ruido.job.InvalidFieldException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Emphasis: {@code (text)} is multiplied by 1.1, {@code [text]} divided by it, {@code (text:1.3)} multiplied by a number.
 * Brackets nest; one that is never closed holds to the end; one that was never opened stands for itself. {@code \(}, {@code \)},
 * {@code \[}, {@code \]} and {@code \\} stand for the second character.
 */
public final class Emphasis {
    private static final double FACTOR = 1.1;

    /** Larger weights overflow in half precision, and nobody uses them. */
    private static final double MOST = 1e4;

    /** Of open brackets inside each other. Each one multiplies the weights of all that it holds, which takes time. */
    private static final int DEEPEST = 100;

    private static final Pattern TOKEN =
            Pattern.compile("\\\\[()\\[\\]\\\\]|\\\\|\\(|\\[|:\\s*+([+-]?[.\\d]++)\\s*+\\)|\\)|]|[^\\\\()\\[\\]:]+|:");
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d++\\.?\\d*+|\\.\\d++)");

    /** A search never begins inside a run of spaces, so that long runs take linear time. */
    private static final Pattern BREAK = Pattern.compile("(?:(?<!\\s)\\s++)?\\bBREAK\\b\\s*+");

    private final List<Weighted> pieces = new ArrayList<>();
    private final List<Integer> round = new ArrayList<>(); // where each open bracket begins
    private final List<Integer> square = new ArrayList<>();

    private final String field;
    private final String text;

    private Emphasis(String field, String text) {
        this.field = field;
        this.text = text;
    }

    /**
     * The pieces of a text, neighbours of equal weight joined.
     *
     * @param field that has the text
     * @throws InvalidFieldException when a weight is not from -10000 to 10000, or brackets nest more than 100 deep
     */
    public static List<Weighted> parse(String field, String text) {
        return new Emphasis(field, text).read();
    }

    private List<Weighted> read() {
        Matcher tokens = TOKEN.matcher(text);
        while (tokens.find()) {
            String token = tokens.group();
            String weight = tokens.group(1);
            if (token.length() == 2 && token.charAt(0) == '\\') {
                pieces.add(new Weighted(token.substring(1), 1));
            } else if (token.equals("(")) {
                open(round);
            } else if (token.equals("[")) {
                open(square);
            } else if (weight != null && !round.isEmpty() && isNumber(weight)) {
                multiply(round.removeLast(), Double.parseDouble(weight));
            } else if (token.equals(")") && !round.isEmpty()) {
                multiply(round.removeLast(), FACTOR);
            } else if (token.equals("]") && !square.isEmpty()) {
                multiply(square.removeLast(), 1 / FACTOR);
            } else {
                addText(token);
            }
        }
        round.forEach(from -> multiply(from, FACTOR));
        square.forEach(from -> multiply(from, 1 / FACTOR));
        return joined();
    }

    private void open(List<Integer> brackets) {
        brackets.add(pieces.size());
        if (round.size() + square.size() > DEEPEST) {
            throw new InvalidFieldException(
                    field, text, "must not have more than %d brackets open at the same time".formatted(DEEPEST));
        }
    }

    private static boolean isNumber(String token) {
        return NUMBER.matcher(token).matches();
    }

    private void addText(String token) {
        String[] parts = BREAK.split(token, -1);
        for (int i = 0; i < parts.length; i++) {
            if (i > 0) {
                pieces.add(Weighted.BREAK);
            }
            pieces.add(new Weighted(parts[i], 1));
        }
    }

    private void multiply(int from, double factor) {
        for (int i = from; i < pieces.size(); i++) {
            Weighted piece = pieces.get(i);
            if (!piece.isBreak()) {
                double weight = piece.weight() * factor;
                if (!(Math.abs(weight) <= MOST)) {
                    throw new InvalidFieldException(
                            field, text, "must give its words weights from -10000 to 10000, not %s".formatted(weight));
                }
                pieces.set(i, new Weighted(piece.text(), weight));
            }
        }
    }

    private List<Weighted> joined() {
        List<Weighted> joined = new ArrayList<>();
        for (Weighted piece : pieces) {
            Weighted last = joined.isEmpty() ? null : joined.getLast();
            if (last != null && !last.isBreak() && !piece.isBreak() && last.weight() == piece.weight()) {
                joined.set(joined.size() - 1, new Weighted(last.text() + piece.text(), piece.weight()));
            } else {
                joined.add(piece);
            }
        }
        return joined.isEmpty() ? List.of(new Weighted("", 1)) : joined;
    }
}
