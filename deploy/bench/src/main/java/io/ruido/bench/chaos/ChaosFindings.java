package io.ruido.bench.chaos;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What must not be, by kind, each with the job that it was seen at. */
final class ChaosFindings {
    /** The kinds of findings, in the order of the report. */
    enum Kind {
        LOST("accepted, then unknown"),
        UNFINISHED("accepted, and without an end"),
        WRONG_END("ended in a way that nobody asked for"),
        DOUBLE("accepted twice under one key"),
        TWO_RESULTS("with two results or ends, or too few"),
        GAP("with a gap in the numbers of the events"),
        PICTURE("whose picture is not what its seed gives, or cannot be fetched"),
        ANSWER("whose client got an answer that is no answer");

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
