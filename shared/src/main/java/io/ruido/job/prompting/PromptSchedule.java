package io.ruido.job.prompting;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Editing and alternation: {@code [from:to:when]}, {@code [to:when]} and {@code [from::when]} change the text after step {@code
 * when}, or after that share of the steps where it has a decimal point; {@code [a|b]} takes turns. They nest, also in emphasis.
 * A text that is not well-formed stands for itself.
 */
public final class PromptSchedule {
    /**
     * A text of some steps.
     *
     * @param last the step up to which it holds, counted from 0; it begins after the one of the text before
     */
    public record Span(int last, String text) {}

    private sealed interface Node {
        record Text(String text) implements Node {}

        record Sequence(List<Node> nodes) implements Node {}

        record Edit(Node before, Node after, int when) implements Node {}

        record Alternation(List<Node> options) implements Node {}
    }

    /** That the text is not well-formed. */
    private static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private static final Pattern NUMBER =
            Pattern.compile("\\s*+([+-]?(?:\\d++\\.?\\d*+|\\.\\d++)(?:[eE][+-]?\\d++)?)\\s*+]");
    private static final int DEEPEST = 50;

    private final String text;
    private final int steps;
    private final int before;
    private int at;
    private int depth;

    private PromptSchedule(String text, int steps, int before) {
        this.before = before;
        this.text = text;
        this.steps = steps;
    }

    /** The texts of a prompt in the course of so many steps; the last one's span ends with them. */
    public static List<Span> parse(String prompt, int steps) {
        return parse(prompt, steps, 0);
    }

    /**
     * The same for the second of two passes, in which steps are counted from the start of the first, and shares of its steps
     * from 1 to 2.
     *
     * @param before steps of the first pass; 0 where there is only one
     */
    public static List<Span> parse(String prompt, int steps, int before) {
        PromptSchedule schedule = new PromptSchedule(prompt, steps, before);
        Node tree;
        try {
            tree = schedule.top();
        } catch (MalformedException e) {
            return List.of(new Span(steps, prompt));
        }
        TreeSet<Integer> changes = new TreeSet<>(List.of(steps));
        addChanges(tree, steps, changes);
        return changes.stream().map(step -> new Span(step, textAt(tree, step))).toList();
    }

    private static void addChanges(Node node, int steps, TreeSet<Integer> changes) {
        switch (node) {
            case Node.Text _ -> {}
            case Node.Sequence(List<Node> nodes) -> nodes.forEach(one -> addChanges(one, steps, changes));
            case Node.Edit(Node before, Node after, int when) -> {
                if (when >= 1) {
                    changes.add(when);
                }
                addChanges(before, steps, changes);
                addChanges(after, steps, changes);
            }
            case Node.Alternation(List<Node> options) -> {
                IntStream.rangeClosed(1, steps).forEach(changes::add);
                options.forEach(option -> addChanges(option, steps, changes));
            }
        }
    }

    private static String textAt(Node node, int step) {
        return switch (node) {
            case Node.Text(String plain) -> plain;
            case Node.Sequence(List<Node> nodes) -> {
                StringBuilder all = new StringBuilder();
                nodes.forEach(one -> all.append(textAt(one, step)));
                yield all.toString();
            }
            case Node.Edit(Node before, Node after, int when) -> textAt(step <= when ? before : after, step);
            case Node.Alternation(List<Node> options) -> textAt(options.get((step - 1) % options.size()), step);
        };
    }

    /** All of the text; brackets and colons that open or close nothing stand for themselves. */
    private Node top() throws MalformedException {
        List<Node> nodes = new ArrayList<>();
        while (at < text.length()) {
            nodes.add(sequence());
            if (at < text.length()) {
                if (text.charAt(at) == '|') {
                    throw new MalformedException();
                }
                nodes.add(new Node.Text(text.substring(at, ++at)));
            }
        }
        return new Node.Sequence(nodes);
    }

    /** Parses until a character that cannot continue the text. */
    private Node sequence() throws MalformedException {
        List<Node> nodes = new ArrayList<>();
        StringBuilder plain = new StringBuilder();
        while (at < text.length()) {
            char next = text.charAt(at);
            if (next == '\\' && at + 1 < text.length()) {
                plain.append(text, at, at + 2);
                at += 2;
            } else if (next == '(' || next == '[') {
                Node node = attempt(next == '(' ? this::emphasized : this::bracketed);
                if (node == null) {
                    break;
                }
                nodes.add(new Node.Text(plain.toString()));
                plain.setLength(0);
                nodes.add(node);
            } else if (")]:|".indexOf(next) >= 0) {
                break;
            } else {
                plain.append(next);
                at++;
            }
        }
        nodes.add(new Node.Text(plain.toString()));
        return new Node.Sequence(nodes);
    }

    @FunctionalInterface
    private interface Rule {
        Node read() throws MalformedException;
    }

    /** Null, and nothing read, where the rule does not fit. */
    private Node attempt(Rule rule) throws MalformedException {
        int begin = at;
        if (++depth > DEEPEST) {
            throw new MalformedException();
        }
        Node node = rule.read();
        depth--;
        if (node == null) {
            at = begin;
        }
        return node;
    }

    /** {@code (text)} or {@code (text:weight)}, in which the text can change. */
    private Node emphasized() throws MalformedException {
        List<Node> nodes = new ArrayList<>(List.of(new Node.Text("(")));
        at++;
        nodes.add(sequence());
        if (reads(':')) {
            nodes.add(new Node.Text(":"));
            nodes.add(sequence());
        }
        if (!reads(')')) {
            return null;
        }
        nodes.add(new Node.Text(")"));
        return new Node.Sequence(nodes);
    }

    private Node bracketed() throws MalformedException {
        at++;
        Node first = sequence();
        if (reads(']')) {
            return new Node.Sequence(List.of(new Node.Text("["), first, new Node.Text("]")));
        }
        if (at < text.length() && text.charAt(at) == '|') {
            return alternation(first);
        }
        if (!reads(':')) {
            return null;
        }
        Integer when = when();
        if (when != null) {
            return new Node.Edit(new Node.Text(""), first, when);
        }
        Node second = sequence();
        if (!reads(':')) {
            return null;
        }
        when = when();
        return when == null ? null : new Node.Edit(first, second, when);
    }

    private Node alternation(Node first) throws MalformedException {
        List<Node> options = new ArrayList<>(List.of(first));
        while (reads('|')) {
            options.add(sequence());
        }
        if (!reads(']')) {
            return null;
        }
        return new Node.Alternation(options);
    }

    /** The number of a step and the closing bracket; null, and nothing read, where they do not follow. */
    private Integer when() {
        Matcher number = NUMBER.matcher(text).region(at, text.length());
        if (!number.lookingAt()) {
            return null;
        }
        at = number.end();
        double value = Double.parseDouble(number.group(1));
        double ofPass = number.group(1).contains(".") ? (before > 0 ? value - 1 : value) * steps : value - before;
        return (int) Math.min(steps, ofPass);
    }

    private boolean reads(char expected) {
        if (at < text.length() && text.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }
}
