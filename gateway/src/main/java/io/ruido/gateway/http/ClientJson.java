package io.ruido.gateway.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Parses JSON from clients. Text with far more values, names or levels than any request needs is refused while it is
 * read, before it takes memory.
 */
public final class ClientJson {
    private static final int MAX_LEVELS = 64;
    private static final int MAX_NAME_LENGTH = 1_000;
    private static final int MAX_TOKENS = 100_000;

    private static final ObjectReader READER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_LEVELS)
                            .maxNameLength(MAX_NAME_LENGTH)
                            .maxTokenCount(MAX_TOKENS)
                            .maxStringLength(Integer.MAX_VALUE) // Bodies are limited, and images are long strings.
                            .build())
                    // Names are untrusted input and must not be cached across requests.
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(Object.class);

    private ClientJson() {}

    /**
     * Returns a {@link JsonObject}, a {@link JsonArray}, a string, a number, a boolean or null.
     *
     * @param what name of the text in errors
     * @throws ProblemException when the text is not JSON or exceeds a limit
     */
    public static Object read(String what, byte[] text) {
        try {
            return wrapped(READER.readValue(text));
        } catch (JsonProcessingException e) {
            throw malformed(what, e.getOriginalMessage(), e);
        } catch (IOException | RuntimeException e) {
            throw malformed(what, e.getMessage(), e);
        }
    }

    private static Object wrapped(Object value) {
        return switch (value) {
            case Map<?, ?> map -> new JsonObject(strings(map));
            case List<?> list -> new JsonArray(list);
            case null, default -> value;
        };
    }

    @SuppressWarnings("unchecked") // Names in JSON are strings.
    private static Map<String, Object> strings(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    private static ProblemException malformed(String what, String reason, Exception cause) {
        String line = reason == null ? "" : reason.lines().findFirst().orElse("");
        return new ProblemException(
                Problem.of(
                        Problem.Code.MALFORMED_REQUEST,
                        "The %s is not valid JSON: %s".formatted(what, Problem.cut(line))),
                cause);
    }
}
