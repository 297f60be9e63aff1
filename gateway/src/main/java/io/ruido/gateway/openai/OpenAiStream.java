package io.ruido.gateway.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.gateway.events.Feed;
import io.ruido.gateway.events.ServerSentEvents;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.jobs.SynchronousJobs;
import io.ruido.job.Job;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.Output;
import io.ruido.redis.EventStream;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Streams one image: a few previews of its size, spread evenly over the steps, and then the image. */
final class OpenAiStream {
    private static final Logger log = LoggerFactory.getLogger(OpenAiStream.class);

    /** The maximum time for which a finished image waits for its last previews. */
    private static final Duration PREVIEWS_AT_MOST = Duration.ofSeconds(2);

    private final RoutingContext ctx;
    private final Job job;
    private final String name;
    private final int partials;
    private final SynchronousJobs jobs;
    private final Promise<Void> allTold = Promise.promise();
    private HttpServerResponse response;
    private int begun;
    private Future<?> newest = Future.succeededFuture();

    /**
     * @param name prefix of the types of events
     * @param partials number of previews that the client wants
     */
    OpenAiStream(RoutingContext ctx, Job job, String name, int partials, SynchronousJobs jobs) {
        this.ctx = ctx;
        this.job = job;
        this.name = name;
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

    /** Token counts, which the clients require. */
    private record Usage(
            @JsonProperty("input_tokens") int inputTokens,
            @JsonProperty("input_tokens_details") Details details,
            @JsonProperty("output_tokens") int outputTokens,
            @JsonProperty("total_tokens") int totalTokens) {
        /** Ruido does not count tokens. */
        static final Usage NONE = new Usage(0, new Details(0, 0), 0, 0);

        private record Details(
                @JsonProperty("image_tokens") int imageTokens,
                @JsonProperty("text_tokens") int textTokens) {}
    }

    void start(EventStream events) {
        response = ServerSentEvents.open(ctx);
        if (response.closed()) {
            jobs.finished(ctx, job);
            return;
        }
        Feed feed = new Feed(
                events, job.jobId(), 0, ctx.vertx().getOrCreateContext(), response, (event, json) -> on(event));
        ctx.addEndHandler(ended -> feed.close());
        response.drainHandler(drained -> feed.resume());
        feed.resume();
        jobs.finished(ctx, job)
                .compose(finished -> jobs.base64(ctx, finished))
                .eventually(() -> allTold.future()
                        .timeout(PREVIEWS_AT_MOST.toMillis(), TimeUnit.MILLISECONDS)
                        .otherwiseEmpty())
                .eventually(() -> newest.otherwiseEmpty())
                .onSuccess(images -> end(name + ".completed", frame(images.getFirst(), null, Usage.NONE)))
                .onFailure(error -> end("error", OpenAiError.of(Problems.of(error))));
    }

    private void on(JobEvent event) {
        if (event instanceof JobEvent.Step step && step.preview() != null && due(step)) {
            int index = begun++;
            int width = job.params().width();
            int height = job.params().height();
            // One after the other, so that they arrive in order.
            newest = ctx.vertx()
                    .executeBlocking(() -> PartialImage.of(step.preview(), width, height))
                    .onSuccess(image -> send(name + ".partial_image", frame(image, index, null)))
                    .onFailure(error -> log.warn(
                            "job {}: cannot send the preview of step {}; sending the others",
                            job.jobId(),
                            step.step(),
                            error));
        }
        if (event.last()) {
            allTold.tryComplete();
        }
    }

    private boolean due(JobEvent.Step step) {
        return begun < partials && step.step() * (partials + 1) >= (begun + 1) * step.steps();
    }

    private Frame frame(String base64, Integer index, Usage usage) {
        String type = name + (index == null ? ".completed" : ".partial_image");
        long created = job.submittedAt().getEpochSecond();
        // Previews are PNGs.
        String format = index == null ? job.params().output().format().label() : Output.Format.PNG.label();
        return new Frame(type, base64, created, OpenAiAnswers.size(job), "auto", "opaque", format, index, usage);
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
