package io.ruido.gateway;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.job.Job;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.progress.EventStream;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/** One image as it emerges: a few previews, spread evenly over the steps, then the image. */
final class OpenAiStream {
    private static final String PREVIEW = "data:image/png;base64,";

    private final RoutingContext ctx;
    private final Job job;
    private final int partials;
    private final AttendedJobs jobs;
    private HttpServerResponse response;
    private int sent;

    /** @param partials how many previews the client wants */
    OpenAiStream(RoutingContext ctx, Job job, int partials, AttendedJobs jobs) {
        this.ctx = ctx;
        this.job = job;
        this.partials = partials;
        this.jobs = jobs;
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Frame(
            String type,
            @JsonProperty("b64_json") String base64,
            @JsonProperty("created_at") long createdAt,
            String size,
            String quality,
            String background,
            @JsonProperty("output_format") String outputFormat,
            @JsonProperty("partial_image_index") Integer index,
            Usage usage) {}

    /** The clients insist on it. */
    private record Usage(
            @JsonProperty("input_tokens") int inputTokens,
            @JsonProperty("input_tokens_details") Details details,
            @JsonProperty("output_tokens") int outputTokens,
            @JsonProperty("total_tokens") int totalTokens) {
        /** Nothing here is counted in tokens. */
        static final Usage NONE = new Usage(0, new Details(0, 0), 0, 0);

        private record Details(
                @JsonProperty("image_tokens") int imageTokens,
                @JsonProperty("text_tokens") int textTokens) {}
    }

    void start(EventStream events) {
        response = ServerSentEvents.open(ctx);
        Feed feed = new Feed(
                events, job.jobId(), 0, ctx.vertx().getOrCreateContext(), response, (event, json) -> on(event));
        ctx.addEndHandler(ended -> feed.close());
        response.drainHandler(drained -> feed.resume());
        feed.resume();
        jobs.finished(ctx, job)
                .compose(done -> jobs.base64(ctx, job))
                .onSuccess(images -> end("image_generation.completed", frame(images.getFirst(), null, Usage.NONE)))
                .onFailure(error -> end("error", OpenAiError.of(Problems.of(error))));
    }

    private void on(JobEvent event) {
        if (event instanceof JobEvent.Step step && step.preview() != null && due(step)) {
            send("image_generation.partial_image", frame(step.preview().substring(PREVIEW.length()), sent++, null));
        }
    }

    private boolean due(JobEvent.Step step) {
        return sent < partials && step.step() * (partials + 1) >= (sent + 1) * step.steps();
    }

    private Frame frame(String base64, Integer index, Usage usage) {
        String type = "image_generation." + (index == null ? "completed" : "partial_image");
        long created = job.submittedAt().getEpochSecond();
        return new Frame(type, base64, created, OpenAiRoute.size(job), "auto", "opaque", "png", index, usage);
    }

    private void end(String type, Object data) {
        if (!response.closed()) {
            send(type, data);
            response.end();
        }
    }

    private void send(String type, Object data) {
        if (!response.ended() && !response.closed()) {
            response.write("event: " + type + "\ndata: " + JobJson.write(data) + "\n\n");
        }
    }
}
