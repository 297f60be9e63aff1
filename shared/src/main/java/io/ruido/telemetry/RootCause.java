package io.ruido.telemetry;

import java.util.stream.Stream;

/** The first cause of an exception. Clients of servers wrap it, and only it says what has happened. */
public final class RootCause {
    private RootCause() {}

    /** The message of the first cause, or its name where it has no message. */
    public static String message(Throwable thrown) {
        Throwable first = Stream.iterate(thrown, cause -> cause != null, Throwable::getCause)
                .reduce((outer, inner) -> inner)
                .orElseThrow();
        return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage();
    }
}
