package io.ruido.gateway.jobs;

import io.lettuce.core.RedisException;
import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.ImmutableFile;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.Artifact;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.s3.ResultStore;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * {@code GET /v1/jobs/{id}/images/{index}}. A result is found by the key and the media type that are stored with its
 * job; while Redis is unavailable, administrators get results from the archive.
 */
public final class ImageRoute {
    /** The media type of results that earlier versions stored without one. */
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

    /** One of the files of an image. */
    public enum Variant {
        RESULT,
        /** The first frame of a clip, as PNG. */
        THUMBNAIL
    }

    private void get(RoutingContext ctx) {
        SampleId sample = new SampleId(RequestValidation.id(ctx), RequestValidation.<Integer>value(ctx, "index"));
        boolean download = RequestValidation.<Integer>value(ctx, "download") == 1;
        Variant variant =
                Variant.valueOf(RequestValidation.<String>value(ctx, "variant").toUpperCase(Locale.ROOT));
        Reply.on(ctx, find(Caller.of(ctx), sample.jobId()))
                .compose(job -> send(ctx, job, sample, variant, download))
                .onFailure(ctx::fail);
    }

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

    private static JobStatus.Image image(JobStatus job, SampleId sample, Variant variant) {
        JobStatus.Image image = image(job, sample);
        if (variant == Variant.RESULT) {
            return image;
        }
        if (!job.job().params().geometry().isClip()) {
            throw new ProblemException(Problem.of(
                    Problem.Code.NOT_FOUND, "Image %s has no thumbnail, because it is not a clip.".formatted(sample)));
        }
        return new JobStatus.Image(
                image.index(),
                image.state(),
                image.step(),
                image.worker(),
                image.attempt(),
                Artifact.thumbnailKey(image.key()),
                PNG);
    }

    private static JobStatus.Image image(JobStatus job, SampleId sample) {
        return job.images().stream()
                .filter(image -> image.index() == sample.index() && image.key() != null)
                .findFirst()
                .orElseThrow(() -> new ProblemException(Problem.of(
                        Problem.Code.NOT_FOUND, "Image %s is not ready or does not exist.".formatted(sample))));
    }

    /** Answers with a result of a job. Fails with a {@link ProblemException} when there is no such result. */
    public Future<Void> send(RoutingContext ctx, JobStatus job, SampleId sample, Variant variant, boolean download) {
        JobStatus.Image image = image(job, sample, variant);
        ImmutableFile file = new ImmutableFile("%s-%d-%d".formatted(sample.jobId(), sample.index(), variant.ordinal()));
        if (file.sendNotModified(ctx)) {
            return Future.succeededFuture();
        }
        String name = "ruido-%s-%d%s".formatted(sample.jobId(), sample.index(), image.extension());
        String type = image.mediaType() == null ? PNG : image.mediaType();
        return Reply.on(ctx, read(image))
                .onSuccess(bytes -> {
                    ctx.response()
                            .putHeader(
                                    HttpHeaders.CONTENT_DISPOSITION,
                                    "%s; filename=\"%s\"".formatted(download ? "attachment" : "inline", name));
                    file.send(ctx, type, bytes);
                })
                .mapEmpty();
    }

    /** Reads the file of a finished image. */
    public CompletionStage<byte[]> read(JobStatus.Image image) {
        return CompletableFuture.supplyAsync(() -> get(image.key()), blocking);
    }

    private byte[] get(String key) {
        try {
            return results.get(key)
                    .orElseThrow(() -> new ProblemException(
                            Problem.of(Problem.Code.NOT_FOUND, "The object %s has been deleted.".formatted(key))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
