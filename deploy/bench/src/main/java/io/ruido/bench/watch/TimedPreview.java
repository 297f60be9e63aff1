package io.ruido.bench.watch;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/** Replaces previews in a benchmark by text of the same length with the time at which the step was due. */
final class TimedPreview {
    /** The length of the bundled model's previews in bytes. */
    private static final int LENGTH = 1_000;

    private static final String MARK = "data:,due=";

    private TimedPreview() {}

    /** Returns microseconds since 1970, by the clock of the machine. */
    static long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    static String of(long due) {
        return (MARK + due + "&").concat("A".repeat(LENGTH - MARK.length()));
    }

    /** Returns the time when a step was due, if the event is a step. */
    static OptionalLong due(String json) {
        int mark = json.indexOf(MARK);
        if (mark < 0) {
            return OptionalLong.empty();
        }
        int begin = mark + MARK.length();
        return OptionalLong.of(Long.parseLong(json, begin, json.indexOf('&', begin), 10));
    }
}
