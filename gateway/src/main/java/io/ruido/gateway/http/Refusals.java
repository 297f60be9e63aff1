package io.ruido.gateway.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The invalid fields of one request. Only the first ones are listed, each once, and the others are counted, so that a
 * response is never much larger than its request.
 */
public final class Refusals {
    private static final int TOLD = 20;

    private final Map<String, Problem.Field> told = new LinkedHashMap<>();
    private int others;

    /** Keeps the first reason for which a field was refused. */
    void add(Problem.Field refused) {
        if (full()) {
            others++;
        } else {
            told.putIfAbsent(refused.field(), refused);
        }
    }

    /** Counts fields whose reasons are left out, because enough are listed. */
    void count(int more) {
        others += more;
    }

    void addAll(Refusals more) {
        more.told.values().forEach(this::add);
        others += more.others;
    }

    boolean full() {
        return told.size() == TOLD;
    }

    public boolean isEmpty() {
        return told.isEmpty();
    }

    /** Returns the problem for the client. */
    public Problem problem() {
        return Problem.invalid(List.copyOf(told.values()), others);
    }

    void throwIfAny() {
        if (!isEmpty()) {
            throw new ProblemException(problem());
        }
    }
}
