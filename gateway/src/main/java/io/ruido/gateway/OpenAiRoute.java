package io.ruido.gateway;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.job.Job;
import io.ruido.progress.EventStream;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** {@code POST /v1/images/generations}, as OpenAI's clients call it. */
final class OpenAiRoute {
    private static final Map<String, String> NAMES = Map.of("count", "n", "width", "size", "height", "size");

    private final AttendedJobs jobs;
    private final EventStream events;

    OpenAiRoute(AttendedJobs jobs, EventStream events) {
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

    void generate(RoutingContext ctx) {
        JsonObject body = RequestValidation.body(ctx);
        boolean stream = Boolean.TRUE.equals(body.getBoolean("stream"));
        refuseIf(stream && one(body.getInteger("n")) > 1, "n", body, "must be 1 with stream");
        refuseIf(!stream && body.getValue("partial_images") != null, "partial_images", body, "needs stream");
        boolean url = "url".equals(body.getString("response_format"));
        refuseIf(stream && url, "response_format", body, "must be b64_json with stream");
        jobs.submit(ctx, submission(body), NAMES)
                .compose(job -> stream ? stream(ctx, job, body) : answer(ctx, job, body.getString("response_format")))
                .onFailure(ctx::fail);
    }

    private static JsonObject submission(JsonObject body) {
        JsonObject submission = new JsonObject()
                .put("prompt", body.getString("prompt"))
                .put("model", body.getString("model"))
                .put("count", body.getInteger("n"));
        String size = body.getString("size");
        if (size != null && !size.equals("auto")) {
            String[] sides = size.split("x");
            submission.put("width", Integer.valueOf(sides[0])).put("height", Integer.valueOf(sides[1]));
        }
        return submission;
    }

    private Future<Void> stream(RoutingContext ctx, Job job, JsonObject body) {
        Integer partials = body.getInteger("partial_images");
        new OpenAiStream(ctx, job, partials == null ? 0 : partials, jobs).start(events);
        return Future.succeededFuture();
    }

    private Future<Void> answer(RoutingContext ctx, Job job, String format) {
        return jobs.finished(ctx, job)
                .compose(done -> "url".equals(format)
                        ? Future.succeededFuture(Collections.<String>nCopies(job.images(), null))
                        : jobs.base64(ctx, job))
                .onSuccess(base64 -> {
                    List<String> urls =
                            "b64_json".equals(format) ? Collections.nCopies(job.images(), null) : jobs.urls(job);
                    List<Image> images = IntStream.range(0, job.images())
                            .mapToObj(index -> new Image(base64.get(index), urls.get(index)))
                            .toList();
                    long created = job.submittedAt().getEpochSecond();
                    Reply.json(ctx, 200, new Answer(created, images, "opaque", "png", size(job)));
                })
                .mapEmpty();
    }

    /** As OpenAI writes it. */
    static String size(Job job) {
        return job.params().width() + "x" + job.params().height();
    }

    private static int one(Integer count) {
        return count == null ? 1 : count;
    }

    private static void refuseIf(boolean refused, String field, JsonObject body, String reason) {
        if (refused) {
            throw new ProblemException(
                    Problem.invalid(List.of(new Problem.Field(field, body.getValue(field), reason))));
        }
    }
}
