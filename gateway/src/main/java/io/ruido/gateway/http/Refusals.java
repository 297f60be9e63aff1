package io.ruido.gateway.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fields of one request that were refused. Only the first of them are kept, each once; the others are counted, so
 * that no request can ask for an answer that is much larger than itself.
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
