package io.ruido.progress;

import java.time.Instant;
import java.util.UUID;

/** What the state machine answered to a new job. */
public sealed interface Submitted {
    /** @param expiresAt by Redis' clock, or null */
    record Accepted(Instant expiresAt) implements Submitted {}

    /** It was submitted before, as {@code id}. */
    record Known(UUID id) implements Submitted {}

    /** Its key was used before, for something else. */
    record KeyReused() implements Submitted {}

    static Submitted parse(String answer) {
        String[] words = answer.split(" ");
        return switch (words[0]) {
            case "OK" -> new Accepted(words.length == 1 ? null : Instant.ofEpochMilli(Long.parseLong(words[1])));
            case "KNOWN" -> new Known(UUID.fromString(words[1]));
            case "OTHER" -> new KeyReused();
            default -> throw new IllegalArgumentException("answer: is unknown (was " + answer + ")");
        };
    }
}
