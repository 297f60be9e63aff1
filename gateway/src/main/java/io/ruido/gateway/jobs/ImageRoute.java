package io.ruido.gateway.jobs;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.job.SampleId;
import io.ruido.image.ImageFile;
import io.ruido.s3.ResultStore;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * {@code GET /v1/jobs/{id}/images/{index}}. An image's key follows from its id and it never changes, so that it can be
 * had without Redis by those who may see all.
 */
public final class ImageRoute {
    private final Jobs jobs;
    private final ResultStore results;
    private final Executor blocking;

    public ImageRoute(Jobs jobs, ResultStore results, Executor blocking) {
        this.jobs = jobs;
        this.results = results;
        this.blocking = blocking;
    }

    public void get(RoutingContext ctx) {
        SampleId sample = new SampleId(RequestValidation.id(ctx), RequestValidation.<Integer>value(ctx, "index"));
        Caller caller = Caller.of(ctx);
        Reply.on(ctx, seen(caller, sample).thenCompose(seen -> read(sample)).thenCompose(image -> image.map(
                                CompletableFuture::completedStage)
                        .orElseGet(() -> absent(caller, sample))))
                .onSuccess(picture -> send(ctx, sample, picture))
                .onFailure(ctx::fail);
    }

    private CompletionStage<?> seen(Caller caller, SampleId sample) {
        return caller.admin() ? CompletableFuture.completedStage(null) : jobs.find(caller, sample.jobId());
    }

    /** Also the reason of a job that is not there, or not any more. */
    private CompletionStage<byte[]> absent(Caller caller, SampleId sample) {
        return jobs.find(caller, sample.jobId()).thenApply(job -> {
            throw new ProblemException(
                    Problem.of(Problem.Code.NOT_FOUND, "Image %s is not ready, or there is none.".formatted(sample)));
        });
    }

    private void send(RoutingContext ctx, SampleId sample, byte[] picture) {
        String type = ImageFile.Format.of(picture)
                .map(ImageFile.Format::mediaType)
                .orElse("application/octet-stream");
        boolean download = RequestValidation.<Integer>value(ctx, "download") == 1;
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                .putHeader(HttpHeaders.CACHE_CONTROL, "private, max-age=31536000, immutable")
                .putHeader(
                        HttpHeaders.CONTENT_DISPOSITION,
                        "%s; filename=\"ruido-%s-%d.%s\""
                                .formatted(
                                        download ? "attachment" : "inline",
                                        sample.jobId(),
                                        sample.index(),
                                        type.substring(type.indexOf('/') + 1)))
                .end(Buffer.buffer(picture));
    }

    /** The picture's file, or empty when there is none. */
    public CompletionStage<Optional<byte[]>> read(SampleId sample) {
        return CompletableFuture.supplyAsync(() -> get(sample), blocking);
    }

    private Optional<byte[]> get(SampleId sample) {
        try {
            return results.image(sample);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
