package io.ruido.pipeline.text;

import java.util.Locale;
import java.util.PrimitiveIterator;

/**
 * Cleans a text as transformers' slow CLIPTokenizer does where ftfy is not installed. Control characters and characters without
 * width are left out, whitespace of any kind becomes a space, each CJK ideograph becomes a word, and a capital sigma at the end of
 * a word becomes its final form. All other letters are lowercased by the tokenizer.
 */
final class ClipCleaner {
    private static final int REPLACEMENT = 0xFFFD;

    private ClipCleaner() {}

    static String clean(String text) {
        StringBuilder clean = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (isSpace(c)) {
                clean.append(' ');
            } else if (isIdeograph(c)) {
                clean.append(' ').appendCodePoint(c).append(' ');
            } else if (c != REPLACEMENT && !isControl(c)) {
                clean.appendCodePoint(c);
            }
        });
        return withFinalSigmas(clean.toString());
    }

    private static String withFinalSigmas(String text) {
        if (text.indexOf('Σ') < 0) {
            return text;
        }
        PrimitiveIterator.OfInt lowered = text.toLowerCase(Locale.ROOT)
                .chars()
                .filter(ClipCleaner::isSmallSigma)
                .iterator();
        StringBuilder result = new StringBuilder();
        text.chars()
                .map(c -> c == 'Σ' || isSmallSigma(c) ? lowered.nextInt() : c)
                .forEach(c -> result.append((char) c));
        return result.toString();
    }

    private static boolean isSmallSigma(int c) {
        return c == 'σ' || c == 'ς';
    }

    private static boolean isSpace(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || switch (Character.getType(c)) {
                    case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
                    default -> false;
                };
    }

    /** Of Unicode's categories C. */
    private static boolean isControl(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> true;
            default -> false;
        };
    }

    private static boolean isIdeograph(int c) {
        return c >= 0x4E00 && c <= 0x9FFF
                || c >= 0x3400 && c <= 0x4DBF
                || c >= 0xF900 && c <= 0xFAFF
                || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2CEAF
                || c >= 0x2F800 && c <= 0x2FA1F;
    }
}
