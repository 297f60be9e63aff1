package io.ruido.gateway.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.HttpData;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A form with files ({@code multipart/form-data}, RFC 7578).
 *
 * @param parts content by name; a name such as {@code image[]} is without its brackets
 */
record Form(Map<String, byte[]> parts) {
    static final String MEDIA_TYPE = "multipart/form-data";

    /**
     * @param contentType with the boundary
     * @throws ProblemException when it is not a form, or has two parts of one name
     */
    static Form parse(String contentType, Buffer body) {
        FullHttpRequest request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.POST, "/", Unpooled.wrappedBuffer(body.getBytes()));
        request.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        try {
            HttpPostMultipartRequestDecoder decoder =
                    new HttpPostMultipartRequestDecoder(new DefaultHttpDataFactory(false), request);
            try {
                return of(decoder.getBodyHttpDatas());
            } finally {
                decoder.destroy();
            }
        } catch (ProblemException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The decoder throws exceptions of many types for broken forms.
            throw new ProblemException(
                    Problem.of(Problem.Code.MALFORMED_REQUEST, "The form cannot be read: " + e.getMessage()), e);
        }
    }

    /**
     * Converts the form to JSON that a schema can check: text becomes values of the schema's types, files are replaced
     * by their lengths.
     *
     * @param properties properties of the form's schema
     */
    JsonObject json(JsonObject properties) {
        JsonObject json = new JsonObject();
        parts.forEach((name, bytes) -> {
            JsonObject rules = properties.getJsonObject(name, new JsonObject());
            json.put(
                    name,
                    "binary".equals(rules.getString("format"))
                            ? bytes.length + " bytes"
                            : value(new String(bytes, StandardCharsets.UTF_8), rules.getString("type", "string")));
        });
        return json;
    }

    private static Object value(String text, String type) {
        return switch (type) {
            case "integer" -> RequestValidation.wholeNumber(text);
            case "number" -> number(text);
            case "boolean" -> text.equals("true") || text.equals("false") ? (Object) Boolean.valueOf(text) : text;
            default -> text;
        };
    }

    /** Returns text that is not a number unchanged; the schema refuses it. */
    private static Object number(String text) {
        return text.matches("-?\\d{1,20}(\\.\\d{1,20})?") ? (Object) Double.valueOf(text) : text;
    }

    private static Form of(List<InterfaceHttpData> data) throws IOException {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        for (InterfaceHttpData part : data) {
            add(parts, part.getName().replaceFirst("\\[]$", ""), ((HttpData) part).get());
        }
        return new Form(parts);
    }

    private static void add(Map<String, byte[]> parts, String name, byte[] bytes) {
        if (parts.putIfAbsent(name, bytes) != null) {
            throw new ProblemException(
                    Problem.invalid(List.of(new Problem.Field(name, bytes.length + " bytes", "must be given once"))));
        }
    }
}
