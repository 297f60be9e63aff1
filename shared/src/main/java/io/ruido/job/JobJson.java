package io.ruido.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Reads and writes jobs, events and model cards as JSON. Unknown fields are skipped, because messages may come from a
 * later version. A field that must not be skipped requires a new {@link #VERSION}.
 */
public final class JobJson {
    /**
     * The latest version of jobs that this code reads. Raise it when a job gets a field that changes the image, because
     * a reader that skips the field would draw a different image.
     */
    public static final int VERSION = 2;

    /** Thread-safe and never reconfigured. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .build();

    private static final ObjectReader READER =
            MAPPER.reader().without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private JobJson() {}

    /** Returns the version that a reader of a job must support: the earliest one that has all fields of the job. */
    public static int version(Job job) {
        return job.hires() == null ? job.params().version() : VERSION;
    }

    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    public static byte[] writeBytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    /** @throws InvalidFieldException when the text is no JSON or not of this type */
    public static <T> T read(String json, Class<T> type) {
        try {
            return READER.forType(type).readValue(json);
        } catch (JsonProcessingException e) {
            throw invalid(json, e);
        }
    }

    /** @throws InvalidFieldException when the bytes are no JSON or not of this type */
    public static <T> T read(byte[] json, Class<T> type) {
        try {
            T value = READER.forType(type).readValue(json);
            if (value == null) {
                throw new InvalidFieldException("message", null, "must not be null");
            }
            return value;
        } catch (IOException e) {
            throw invalid(new String(json, java.nio.charset.StandardCharsets.UTF_8), e);
        }
    }

    private static InvalidFieldException invalid(String json, IOException e) {
        if (e instanceof ValueInstantiationException && e.getCause() instanceof InvalidFieldException field) {
            return field;
        }
        String reason = e instanceof JsonProcessingException parse ? parse.getOriginalMessage() : e.getMessage();
        return new InvalidFieldException("message", json, reason);
    }
}
