package io.ruido.gateway.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.job.Job;
import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Answers OpenAI's clients with the images of a job: all of them when the job is finished, or one as a stream of
 * previews.
 */
public final class OpenAiAnswers {
    private final SynchronousJobs jobs;
    private final EventStream events;

    public OpenAiAnswers(SynchronousJobs jobs, EventStream events) {
        this.jobs = jobs;
        this.events = events;
    }

    private record Answer(
            long created,
            List<Image> data,
            String background,
            @JsonProperty("output_format") String outputFormat,
            String size) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Image(@JsonProperty("b64_json") String base64, String url) {}

    /** Refuses requests for a response that does not exist. */
    public static void check(JsonObject body) {
        boolean stream = streams(body);
        Integer count = body.getInteger("n");
        refuseIf(stream && count != null && count > 1, "n", body, "must be 1 with stream");
        refuseIf(!stream && partials(body) > 0, "partial_images", body, "needs stream");
        boolean url = "url".equals(body.getString("response_format"));
        refuseIf(stream && url, "response_format", body, "must be b64_json with stream");
    }

    /**
     * Answers when the job is finished, or streams from now on.
     *
     * @param body body of the request
     * @param stream prefix of the types of streamed events
     */
    public Future<Void> send(RoutingContext ctx, Job job, JsonObject body, String stream) {
        if (!streams(body)) {
            return send(ctx, job, body.getString("response_format"));
        }
        new OpenAiStream(ctx, job, stream, partials(body), jobs).start(events);
        return Future.succeededFuture();
    }

    private Future<Void> send(RoutingContext ctx, Job job, String format) {
        return jobs.finished(ctx, job)
                .compose(finished -> images(ctx, finished, format))
                .onSuccess(images -> {
                    long created = job.submittedAt().getEpochSecond();
                    String file = job.params().output().format().label();
                    Reply.json(ctx, 200, new Answer(created, images, "opaque", file, size(job)));
                })
                .mapEmpty();
    }

    private Future<List<Image>> images(RoutingContext ctx, JobStatus finished, String format) {
        Future<List<String>> none =
                Future.succeededFuture(Collections.nCopies(finished.images().size(), null));
        Future<List<String>> urls = "b64_json".equals(format) ? none : jobs.urls(ctx, finished);
        return urls.compose(found -> ("url".equals(format) ? none : jobs.base64(ctx, finished))
                .map(base64 -> IntStream.range(0, found.size())
                        .mapToObj(index -> new Image(base64.get(index), found.get(index)))
                        .toList()));
    }

    /** Returns the job's size in OpenAI's format. */
    public static String size(Job job) {
        return job.params().width() + "x" + job.params().height();
    }

    private static boolean streams(JsonObject body) {
        return Boolean.TRUE.equals(body.getBoolean("stream"));
    }

    private static int partials(JsonObject body) {
        Integer asked = body.getInteger("partial_images");
        return asked == null ? 0 : asked;
    }

    private static void refuseIf(boolean refused, String field, JsonObject body, String reason) {
        if (refused) {
            throw new ProblemException(
                    Problem.invalid(List.of(new Problem.Field(field, body.getValue(field), reason))));
        }
    }
}
