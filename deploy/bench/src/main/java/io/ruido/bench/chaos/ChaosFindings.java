package io.ruido.bench.chaos;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Violations of Ruido's promises by kind, each with its job. */
final class ChaosFindings {
    /** The kinds of findings, in the order of the report. */
    enum Kind {
        LOST("accepted, then unknown"),
        UNFINISHED("accepted, but never finished"),
        WRONG_END("with an unexpected end"),
        DOUBLE("accepted twice under one key"),
        TWO_RESULTS("with two results or ends, or too few"),
        GAP("with a gap in the numbers of the events"),
        IMAGE("with an image that differs from the image of its seed, or cannot be fetched"),
        ANSWER("with an invalid response");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    private final Map<Kind, Queue<String>> found = new ConcurrentHashMap<>();

    void add(Kind kind, String what) {
        found.computeIfAbsent(kind, none -> new ConcurrentLinkedQueue<>()).add(what);
    }

    List<String> of(Kind kind) {
        return List.copyOf(found.getOrDefault(kind, new ConcurrentLinkedQueue<>()));
    }

    boolean none() {
        return found.isEmpty();
    }

    @Override
    public String toString() {
        return found.toString();
    }
}
