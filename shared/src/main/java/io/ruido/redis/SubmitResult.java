package io.ruido.redis;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Result of the submission of a job. */
public sealed interface SubmitResult {
    /**
     * @param expiresAt deadline by Redis's clock, or null
     * @param position position in the queue, from 1; null if the job was admitted at once and must be published now
     * @param eta expected end, or null while it is unknown
     */
    record Accepted(Instant expiresAt, Integer position, Instant eta) implements SubmitResult {}

    /** The maximum number of the tenant's jobs wait for this model. */
    record Full(Duration retryAfter) implements SubmitResult {}

    /** The job was submitted before, as {@code id}. */
    record Known(UUID id) implements SubmitResult {}

    /** The Idempotency-Key was used before with another request. */
    record KeyReused() implements SubmitResult {}

    static SubmitResult parse(String answer) {
        String[] words = answer.split(" ");
        return switch (words[0]) {
            case "OK" ->
                new Accepted(
                        instant(words[1]), words[2].equals("-") ? null : Integer.valueOf(words[2]), instant(words[3]));
            case "FULL" -> new Full(Duration.ofSeconds(Long.parseLong(words[1])));
            case "KNOWN" -> new Known(UUID.fromString(words[1]));
            case "OTHER" -> new KeyReused();
            default -> throw new IllegalArgumentException("answer: is unknown (was " + answer + ")");
        };
    }

    private static Instant instant(String millis) {
        return millis.equals("-") ? null : Instant.ofEpochMilli(Long.parseLong(millis));
    }
}
