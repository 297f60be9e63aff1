package io.ruido.gateway.jobs;

import io.lettuce.core.RedisException;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.s3.ResultStore;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code GET /v1/jobs/{id}/images/{index}}. A result is found by the key and the media type that are stored with its job;
 * while Redis is away, those who may see all get what is in the archive.
 */
public final class ImageRoute {
    private static final int PARTIAL_CONTENT = 206;

    /** One range of bytes: from the first to the second, from the first on, or the last so many. */
    private static final Pattern RANGE = Pattern.compile("bytes=(?!-$)(\\d{0,18})-(\\d{0,18})");

    /** The media type of results that were stored without one, by earlier versions. */
    private static final String PNG = "image/png";

    private final Jobs jobs;
    private final ResultStore results;
    private final Executor blocking;

    public ImageRoute(Jobs jobs, ResultStore results, Executor blocking) {
        this.jobs = jobs;
        this.results = results;
        this.blocking = blocking;
    }

    public Route route() {
        return Route.of("getImage", this::get);
    }

    private void get(RoutingContext ctx) {
        SampleId sample = new SampleId(RequestValidation.id(ctx), RequestValidation.<Integer>value(ctx, "index"));
        Reply.on(
                        ctx,
                        find(Caller.of(ctx), sample.jobId())
                                .thenApply(job -> image(job, sample))
                                .thenCompose(image -> read(image).thenApply(bytes -> new Result(image, bytes))))
                .onSuccess(result -> send(ctx, sample, result))
                .onFailure(ctx::fail);
    }

    private record Result(JobStatus.Image image, byte[] bytes) {}

    private CompletionStage<JobStatus> find(Caller caller, UUID id) {
        CompletionStage<JobStatus> found = jobs.find(caller, id);
        return caller.admin() ? found.exceptionallyCompose(error -> archived(id, error)) : found;
    }

    private CompletionStage<JobStatus> archived(UUID id, Throwable error) {
        Throwable cause = error instanceof CompletionException ? error.getCause() : error;
        if (!(cause instanceof RedisException)) {
            return CompletableFuture.failedStage(cause);
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return results.status(id).orElseThrow(() -> new CompletionException(cause));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                blocking);
    }

    private static JobStatus.Image image(JobStatus job, SampleId sample) {
        return job.images().stream()
                .filter(image -> image.index() == sample.index() && image.key() != null)
                .findFirst()
                .orElseThrow(() -> new ProblemException(Problem.of(
                        Problem.Code.NOT_FOUND, "Image %s is not ready or does not exist.".formatted(sample))));
    }

    private static void send(RoutingContext ctx, SampleId sample, Result result) {
        boolean download = RequestValidation.<Integer>value(ctx, "download") == 1;
        String key = result.image().key();
        String type = result.image().mediaType();
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, type == null ? PNG : type)
                .putHeader(HttpHeaders.ACCEPT_RANGES, "bytes")
                .putHeader(HttpHeaders.CACHE_CONTROL, "private, max-age=31536000, immutable")
                .putHeader(
                        HttpHeaders.CONTENT_DISPOSITION,
                        "%s; filename=\"ruido-%s-%d%s\""
                                .formatted(
                                        download ? "attachment" : "inline",
                                        sample.jobId(),
                                        sample.index(),
                                        key.substring(key.lastIndexOf('.'))));
        sendPart(ctx, result.bytes());
    }

    /** The part that the client asks for (RFC 9110, §14.2), or all where it asks for none or for one that is not there. */
    private static void sendPart(RoutingContext ctx, byte[] file) {
        String range = ctx.request().getHeader("Range");
        Matcher part = RANGE.matcher(range == null ? "" : range);
        if (!part.matches()) {
            ctx.response().end(Buffer.buffer(file));
            return;
        }
        boolean suffix = part.group(1).isEmpty();
        long second = part.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(part.group(2));
        long first = suffix ? Math.max(file.length - second, 0) : Long.parseLong(part.group(1));
        long last = suffix ? file.length - 1 : Math.min(second, file.length - 1);
        if (first > last) {
            ctx.response().end(Buffer.buffer(file));
            return;
        }
        ctx.response()
                .setStatusCode(PARTIAL_CONTENT)
                .putHeader(HttpHeaders.CONTENT_RANGE, "bytes %d-%d/%d".formatted(first, last, file.length))
                .end(Buffer.buffer(Arrays.copyOfRange(file, (int) first, (int) last + 1)));
    }

    /** The bytes of a finished image. */
    public CompletionStage<byte[]> read(JobStatus.Image image) {
        return CompletableFuture.supplyAsync(() -> get(image.key()), blocking);
    }

    private byte[] get(String key) {
        try {
            return results.get(key)
                    .orElseThrow(() -> new ProblemException(
                            Problem.of(Problem.Code.NOT_FOUND, "The object %s is deleted.".formatted(key))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
