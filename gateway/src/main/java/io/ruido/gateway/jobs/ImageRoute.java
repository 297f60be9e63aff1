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
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * {@code GET /v1/jobs/{id}/images/{index}}. A result is found by the key and the media type that are stored with its job;
 * while Redis is away, those who may see all get what is in the archive.
 */
public final class ImageRoute {
    /** Of results from before media types were stored. */
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
                .putHeader(HttpHeaders.CACHE_CONTROL, "private, max-age=31536000, immutable")
                .putHeader(
                        HttpHeaders.CONTENT_DISPOSITION,
                        "%s; filename=\"ruido-%s-%d%s\""
                                .formatted(
                                        download ? "attachment" : "inline",
                                        sample.jobId(),
                                        sample.index(),
                                        key.substring(key.lastIndexOf('.'))))
                .end(Buffer.buffer(result.bytes()));
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
