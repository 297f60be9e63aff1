package io.ruido.gateway.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Serves a file that never changes over HTTP (RFC 9110), with an entity tag and byte ranges.
 *
 * @param name unique among all files of the server
 */
public record ImmutableFile(String name) {
    private static final int PARTIAL_CONTENT = 206;
    private static final int NOT_MODIFIED = 304;
    private static final String CACHE_CONTROL = "private, max-age=31536000, immutable";

    /** One range of bytes: {@code first-last}, {@code first-} or {@code -length}. */
    private static final Pattern RANGE = Pattern.compile("bytes=(?!-$)(\\d{0,18})-(\\d{0,18})");

    private String tag() {
        return '"' + name + '"';
    }

    /** Answers 304 if the client already has the file; otherwise returns false. */
    public boolean sendNotModified(RoutingContext ctx) {
        String known = ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH);
        boolean match = known != null
                && Stream.of(known.split(","))
                        .map(String::strip)
                        .anyMatch(tag ->
                                tag.equals("*") || tag.replaceFirst("^W/", "").equals(tag()));
        if (match) {
            headers(ctx).setStatusCode(NOT_MODIFIED).end();
        }
        return match;
    }

    /** Answers with the file, or with the requested range (RFC 9110, §14.2). */
    public void send(RoutingContext ctx, String mediaType, byte[] file) {
        headers(ctx).putHeader(HttpHeaders.CONTENT_TYPE, mediaType).putHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
        String range = ctx.request().getHeader("Range");
        String ofFile = ctx.request().getHeader("If-Range");
        Matcher part = RANGE.matcher(range == null ? "" : range);
        if (!part.matches() || ofFile != null && !ofFile.equals(tag())) {
            end(ctx, file);
            return;
        }
        boolean suffix = part.group(1).isEmpty();
        long second = part.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(part.group(2));
        long first = suffix ? Math.max(file.length - second, 0) : Long.parseLong(part.group(1));
        long last = suffix ? file.length - 1 : Math.min(second, file.length - 1);
        if (suffix ? second == 0 : first >= file.length) {
            ctx.response().putHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + file.length);
            ctx.fail(new ProblemException(Problem.of(
                    Problem.Code.RANGE_NOT_SATISFIABLE,
                    "The file has %d bytes; Range asks for %s.".formatted(file.length, Problem.cut(range)))));
            return;
        }
        if (first > last) { // an invalid range is ignored
            end(ctx, file);
            return;
        }
        ctx.response()
                .setStatusCode(PARTIAL_CONTENT)
                .putHeader(HttpHeaders.CONTENT_RANGE, "bytes %d-%d/%d".formatted(first, last, file.length));
        end(ctx, Arrays.copyOfRange(file, (int) first, (int) last + 1));
    }

    private HttpServerResponse headers(RoutingContext ctx) {
        return ctx.response().putHeader(HttpHeaders.ETAG, tag()).putHeader(HttpHeaders.CACHE_CONTROL, CACHE_CONTROL);
    }

    private static void end(RoutingContext ctx, byte[] content) {
        Reply.end(ctx.request(), Buffer.buffer(content));
    }
}
