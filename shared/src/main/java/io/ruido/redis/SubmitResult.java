package io.ruido.redis;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Result of the submission of a job. */
public sealed interface SubmitResult {
    /**
     * @param expiresAt by Redis' clock, or null
     * @param position in the queue, from 1; null if the job was admitted at once and has to be published now
     * @param eta when it will be finished, or null while that is not known
     */
    record Accepted(Instant expiresAt, Integer position, Instant eta) implements SubmitResult {}

    /** The tenant has as many jobs waiting for this model as it may have. */
    record Full(Duration retryAfter) implements SubmitResult {}

    /** It was submitted before, as {@code id}. */
    record Known(UUID id) implements SubmitResult {}

    /** Its key was used before, for something else. */
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
