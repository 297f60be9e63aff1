package io.ruido.pipeline.wan;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/**
 * Prompts as Wan was trained with them: the rules of Python's {@code ftfy.fix_text} (version 6), HTML's character
 * references resolved, and each run of white space made one space. Text that was decoded with the wrong character set,
 * which ftfy guesses, is left as it is.
 */
final class PromptCleaner {
    private static final Pattern REFERENCE = Pattern.compile("&#?[0-9A-Za-z]{1,24};");
    private static final Pattern C1_CONTROL = Pattern.compile("[\\x80-\\x9f]");
    private static final Pattern LIGATURE =
            Pattern.compile("[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb04\ufb06]");
    private static final Pattern LONG_S_T = Pattern.compile("\ufb05");
    private static final Pattern OTHER_WIDTH = Pattern.compile("[\uff01-\uffef]");
    private static final Pattern SINGLE_QUOTE = Pattern.compile("[\u02bc\u2018-\u201b]");
    private static final Pattern DOUBLE_QUOTE = Pattern.compile("[\u201c-\u201f]");
    private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\r\u2028\u2029\u0085]");
    private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\u001b\\[[\\d;]*[a-zA-Z]");
    private static final Pattern CONTROL =
            Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]");
    private static final Pattern WHITE_SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    private PromptCleaner() {}

    static String clean(String prompt) {
        StringBuilder fixed = new StringBuilder();
        boolean references = true;
        for (String line : prompt.split("(?<=\n)")) {
            references &= !line.contains("<"); // from there on the text may be HTML that is meant
            fixed.append(fixedLine(line, references));
        }
        String unescaped = unescape(unescape(fixed.toString()));
        return WHITE_SPACE.matcher(unescaped).replaceAll(" ").strip();
    }

    private static String fixedLine(String line, boolean references) {
        String text = line;
        while (true) {
            String fixed =
                    references ? REFERENCE.matcher(text).replaceAll(match -> quoted(reference(match.group()))) : text;
            fixed = fixedCharacters(fixed);
            if (fixed.equals(text)) {
                return fixed;
            }
            text = fixed;
        }
    }

    private static String fixedCharacters(String text) {
        String fixed = C1_CONTROL.matcher(text).replaceAll(match -> quoted(windows1252(match.group())));
        fixed = LIGATURE.matcher(fixed).replaceAll(PromptCleaner::compatible);
        fixed = LONG_S_T.matcher(fixed).replaceAll("ſt");
        fixed = OTHER_WIDTH.matcher(fixed.replace('\u3000', ' ')).replaceAll(PromptCleaner::compatible);
        fixed = SINGLE_QUOTE.matcher(fixed).replaceAll("'");
        fixed = DOUBLE_QUOTE.matcher(fixed).replaceAll("\"");
        fixed = LINE_BREAK.matcher(fixed).replaceAll("\n");
        fixed = TERMINAL_ESCAPE.matcher(fixed).replaceAll("");
        fixed = CONTROL.matcher(fixed).replaceAll("");
        return Normalizer.normalize(fixed, Normalizer.Form.NFC);
    }

    private static String compatible(MatchResult match) {
        return quoted(Normalizer.normalize(match.group(), Normalizer.Form.NFKC));
    }

    /** What a reference stands for; one in capitals can stand for a capital letter that has another name in HTML. */
    private static String reference(String reference) {
        String character = unescape(reference);
        if (!character.equals(reference) || !reference.equals(reference.toUpperCase(Locale.ROOT))) {
            return character.contains(";") ? reference : character;
        }
        String lower = reference.toLowerCase(Locale.ROOT);
        String small = unescape(lower);
        return small.equals(lower) ? reference : small.toUpperCase(Locale.ROOT);
    }

    private static String unescape(String text) {
        return Parser.unescapeEntities(text, false);
    }

    /** C1 control characters stand for the characters of Windows-1252 with the same number. */
    private static String windows1252(String control) {
        String character = new String(control.getBytes(StandardCharsets.ISO_8859_1), WINDOWS_1252);
        return character.equals("\ufffd") ? control : character;
    }

    private static String quoted(String replacement) {
        return Matcher.quoteReplacement(replacement);
    }
}
