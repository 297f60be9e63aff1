package io.ruido.telemetry;

import java.util.stream.Stream;

/** Finds the root cause of an exception. Clients of servers wrap it, and only it says what happened. */
public final class RootCause {
    private RootCause() {}

    /** Returns the message of the root cause, or its class name if it has no message. */
    public static String message(Throwable thrown) {
        Throwable first = Stream.iterate(thrown, cause -> cause != null, Throwable::getCause)
                .reduce((outer, inner) -> inner)
                .orElseThrow();
        return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage();
    }
}
