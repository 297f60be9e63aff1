package io.ruido.gateway.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The error of a request, as sent to the client (RFC 9457).
 *
 * @param code stable, for programs
 * @param errors each field that was refused, or the first of many
 * @param moreErrors the number of invalid fields that are not in {@code errors}
 * @param retryAfter in seconds, or null if retrying does not help
 */
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        String code,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Field> errors,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) int moreErrors,
        @JsonInclude(JsonInclude.Include.NON_NULL) Long retryAfter) {

    private static final long SERVER_IS_BACK_IN_SECONDS = 2;

    private static final int LONGEST = 80;

    /** Returns the beginning of an untrusted text of any length. */
    public static String cut(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    }

    /** @param value value as it was sent, or null if it was missing; long names and values are cut */
    public record Field(String field, Object value, String reason) {
        public Field {
            field = cut(field);
            String text = String.valueOf(value);
            if (text.length() > LONGEST) {
                value = cut(text);
            }
        }

        @Override
        public String toString() {
            String was = value instanceof String ? '"' + value.toString() + '"' : String.valueOf(value);
            return field + " " + reason + (value == null ? "" : " (was " + was + ")");
        }
    }

    public enum Code {
        MALFORMED_REQUEST(400, "The request cannot be read"),
        INVALID_FIELD(400, "A field has an invalid value"),
        UNKNOWN_MODEL(400, "There is no such model"),
        UNKNOWN_UPLOAD(400, "There is no such upload"),
        UNAUTHORIZED(401, "An API key is needed"),
        FORBIDDEN(403, "This is not allowed"),
        NO_ROOM(403, "The storage for uploads is full"),
        NOT_FOUND(404, "Not found"),
        METHOD_NOT_ALLOWED(405, "The path does not support this method"),
        NOT_ACCEPTABLE(406, "The response has another media type"),
        BODY_TOO_LATE(408, "The body was sent too slowly"),
        ALREADY_FINISHED(409, "The job is finished"),
        TOO_MANY_SUBSCRIPTIONS(409, "One connection watches too many jobs"),
        GONE(410, "It was deleted after its retention time"),
        JOB_CANCELLED(410, "The job was cancelled"),
        BODY_TOO_LARGE(413, "The body is too large"),
        UNSUPPORTED_MEDIA_TYPE(415, "The body has the wrong media type"),
        RANGE_NOT_SATISFIABLE(416, "The file has no such part"),
        IDEMPOTENCY_KEY_REUSED(422, "The key was used for another job"),
        UPGRADE_REQUIRED(426, "This path is a WebSocket"),
        TOO_MANY_REQUESTS(429, "The limit of the API key is reached"),
        QUEUE_FULL(429, "The queue is full"),
        NO_MODEL(503, "No worker has announced a model yet"),
        UNAVAILABLE(503, "A required server is unavailable"),
        TOO_MANY_PICTURES(503, "Too many images are uploaded at the same time"),
        INTERNAL(500, "Internal error"),
        JOB_FAILED(500, "The job failed"),
        JOB_TOO_LATE(504, "The job was not finished in time");

        private final int status;
        private final String title;

        Code(int status, String title) {
            this.status = status;
            this.title = title;
        }

        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Code ofStatus(int status) {
            return Stream.of(values())
                    .filter(code -> code.status == status)
                    .findFirst()
                    .orElse(status < 500 ? MALFORMED_REQUEST : INTERNAL);
        }
    }

    public static Problem of(Code code, String detail) {
        return of(code, detail, List.of());
    }

    public static Problem invalid(List<Field> errors) {
        return invalid(errors, 0);
    }

    /** @param more number of further invalid fields */
    static Problem invalid(List<Field> errors, int more) {
        return of(Code.INVALID_FIELD, details(errors, more), errors, more, null);
    }

    /** Returns the same problem for a client that knows the fields by other names. */
    public Problem renamed(Map<String, String> names) {
        if (errors.isEmpty()) {
            return this;
        }
        List<Field> fields = errors.stream()
                .map(error -> new Field(names.getOrDefault(error.field, error.field), error.value, error.reason))
                .toList();
        return new Problem(type, title, status, details(fields, moreErrors), code, fields, moreErrors, retryAfter);
    }

    private static String details(List<Field> errors, int more) {
        String told = errors.stream().map(Field::toString).collect(Collectors.joining("; "));
        return more == 0 ? told : told + "; and %d more".formatted(more);
    }

    public static Problem queueFull(Duration retryAfter) {
        return of(
                Code.QUEUE_FULL,
                "The maximum number of jobs is waiting for this model; try again later.",
                List.of(),
                0,
                retryAfter.toSeconds());
    }

    /** @param what name of what there are too many of */
    public static Problem tooMany(String what, Duration retryAfter) {
        return of(
                Code.TOO_MANY_REQUESTS,
                "The API key's limit of %s is used up; try again later.".formatted(what),
                List.of(),
                0,
                1 + retryAfter.toSeconds());
    }

    public static Problem of(Code code, String detail, List<Field> errors) {
        return of(code, detail, errors, 0, code.status == 503 ? SERVER_IS_BACK_IN_SECONDS : null);
    }

    private static Problem of(Code code, String detail, List<Field> errors, int more, Long retryAfter) {
        return new Problem(
                "urn:ruido:problem:" + code.label(),
                code.title,
                code.status,
                detail,
                code.label(),
                errors,
                more,
                retryAfter);
    }
}
