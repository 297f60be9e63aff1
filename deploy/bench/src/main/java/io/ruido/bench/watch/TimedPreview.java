package io.ruido.bench.watch;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/** What a benchmark sends in place of a preview: as long as one, and it says when the step was due. */
final class TimedPreview {
    /** The length of the bundled model's previews in bytes. */
    private static final int LENGTH = 1_000;

    private static final String MARK = "data:,due=";

    private TimedPreview() {}

    /** Microseconds since 1970, by the clock that all processes of the machine share. */
    static long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    static String of(long due) {
        return (MARK + due + "&").concat("A".repeat(LENGTH - MARK.length()));
    }

    /** Returns when the step of an event was due, if the event's JSON is that of a step. */
    static OptionalLong due(String json) {
        int mark = json.indexOf(MARK);
        if (mark < 0) {
            return OptionalLong.empty();
        }
        int begin = mark + MARK.length();
        return OptionalLong.of(Long.parseLong(json, begin, json.indexOf('&', begin), 10));
    }
}
