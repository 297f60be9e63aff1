package io.ruido.redis;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The state of every job. All changes go through one Lua script, and each is atomic with its event. Nothing here
 * blocks; a stage fails with a {@link io.lettuce.core.RedisException} when Redis is unavailable or does not answer in
 * time.
 */
public final class JobStore {
    private static final UUID NOBODY = new UUID(0, 0);

    /** The maximum number of jobs that are read for one page of a list. */
    private static final int SCANNED = 1_000;

    private final RedisAsyncCommands<String, String> redis;
    private final LuaScript stateMachine;
    private final LuaScript listing;
    private final LuaScript trimming;
    private final Duration lease;
    private final Duration retention;

    /**
     * @param lease time for which a worker that does not renew it keeps an image
     * @param retention time for which a finished job is kept
     */
    public JobStore(Redis redis, Duration lease, Duration retention) {
        this.redis = redis.text().async();
        this.stateMachine = new LuaScript(this.redis, "event.lua", "queue.lua", "state-machine.lua");
        this.listing = new LuaScript(this.redis, "list-jobs.lua");
        this.trimming = new LuaScript(this.redis, "trim-events.lua");
        this.lease = lease;
        this.retention = retention;
    }

    /** Submits with the default options, see {@link #submit(Job, SubmitOptions)}. */
    public CompletionStage<SubmitResult> submit(Job job) {
        return submit(job, SubmitOptions.of(SubmitOptions.DEFAULT_TENANT));
    }

    /** Submits without a trace, see {@link #submit(Job, SubmitOptions, Optional)}. */
    public CompletionStage<SubmitResult> submit(Job job, SubmitOptions options) {
        return submit(job, options, Optional.empty());
    }

    /**
     * Records a new job as QUEUED, and admits it to Kafka if it is its turn.
     *
     * @param trace trace context as W3C's {@code traceparent}
     */
    public CompletionStage<SubmitResult> submit(Job job, SubmitOptions options, Optional<String> trace) {
        return run(job.jobId(), "submit", JobJson.write(fields(job, options, trace)))
                .thenApply(SubmitResult::parse);
    }

    /** Returns the fields of a new job for {@code state-machine.lua}, without absent optional ones. */
    private static Map<String, String> fields(Job job, SubmitOptions options, Optional<String> trace) {
        SamplingParams params = job.params();
        Map<String, String> fields = new HashMap<>();
        fields.put("request", JobJson.write(job));
        fields.put("model", params.model());
        fields.put("urgency", String.valueOf(1 + job.priority().ordinal()));
        fields.put("count", String.valueOf(job.images()));
        fields.put("steps", String.valueOf(job.stepsMade()));
        fields.put("work", String.valueOf(options.cost().of(job)));
        fields.put("tenant", options.tenant());
        fields.put("max_queued", String.valueOf(options.maxQueued()));
        options.expiresIn().ifPresent(time -> fields.put("expires_in", millis(time)));
        options.webhook().ifPresent(receiver -> {
            fields.put("webhook", receiver.address().toString());
            fields.put(
                    "webhook_events",
                    receiver.events().stream().map(WebhookEvent::label).collect(Collectors.joining(",")));
        });
        options.key().ifPresent(key -> {
            fields.put("idempotency_key", RedisKeys.idempotency(options.tenant(), key.value()));
            fields.put("fingerprint", key.fingerprint());
            fields.put("idempotency_ttl", millis(key.keptFor()));
        });
        trace.ifPresent(parent -> fields.put("trace", parent));
        return fields;
    }

    /** Admits waiting jobs of a model, if workers have room. */
    public CompletionStage<Void> admit(String model) {
        return run(NOBODY, "admit", model).thenAccept(ok -> {});
    }

    /** Records that Kafka has the job. */
    public CompletionStage<ChangeResult> published(UUID id) {
        return change(id, "published");
    }

    /** Returns whether an admitted job has to be published or republished; false if it is finished. */
    public CompletionStage<Boolean> unattended(UUID id) {
        return run(id, "unattended").thenApply("YES"::equals);
    }

    /** Records that the prompt stage has begun. */
    public CompletionStage<ChangeResult> encode(UUID id) {
        return change(id, "encode");
    }

    /** Adds warnings to a job about parts of the request that have no effect on its images. */
    public CompletionStage<ChangeResult> warn(UUID id, List<String> warnings) {
        return change(id, "warn", JobJson.write(warnings));
    }

    /** Makes {@code worker} the owner of an image, unless it is finished or owned. */
    public CompletionStage<ClaimResult> claim(SampleId sample, String worker) {
        return run(sample.jobId(), "claim", index(sample), worker, millis(lease))
                .thenApply(ClaimResult::parse);
    }

    /**
     * Records a finished step.
     *
     * @param step number of the step, from 1
     * @param preview data URI of a small image, or empty
     */
    public CompletionStage<ChangeResult> step(SampleId sample, int attempt, int step, int steps, String preview) {
        return change(
                sample.jobId(),
                "step",
                index(sample),
                String.valueOf(attempt),
                millis(lease),
                String.valueOf(step),
                String.valueOf(steps),
                preview);
    }

    public CompletionStage<ChangeResult> decode(SampleId sample, int attempt) {
        return change(sample.jobId(), "decode", index(sample), String.valueOf(attempt), millis(lease));
    }

    /** Renews the lease of an image that makes no steps, because it waits for a place in the batch or for S3. */
    public CompletionStage<ChangeResult> renew(SampleId sample, int attempt) {
        return change(sample.jobId(), "renew", index(sample), String.valueOf(attempt), millis(lease));
    }

    /** Releases an unfinished image after a failure, so that another worker can claim it at once. */
    public CompletionStage<ChangeResult> release(SampleId sample, int attempt) {
        return change(sample.jobId(), "release", index(sample), String.valueOf(attempt));
    }

    /** Returns an unfinished image without a failure: the attempt does not count as failed. */
    public CompletionStage<ChangeResult> giveBack(SampleId sample, int attempt) {
        return change(sample.jobId(), "give_back", index(sample), String.valueOf(attempt));
    }

    /** Returns how often workers have started a job's text, or an image, without returning it. */
    public CompletionStage<Integer> begun(Job job) {
        String field =
                switch (job) {
                    case PromptJob prompt -> "begun";
                    case SamplingJob sampling -> index(sampling.id()) + ":begun";
                };
        return redis.hget(RedisKeys.job(job.jobId()), field)
                .thenApply(times -> times == null ? 0 : Integer.parseInt(times));
    }

    /**
     * Records the result of an image.
     *
     * @param key key of the stored object
     * @param mediaType media type of the object
     */
    public CompletionStage<ChangeResult> succeed(SampleId sample, int attempt, String key, String mediaType) {
        return change(sample.jobId(), "succeed", index(sample), String.valueOf(attempt), key, mediaType);
    }

    /**
     * Marks a job as failed.
     *
     * @param reason reason for the client
     */
    public CompletionStage<ChangeResult> fail(UUID id, String reason) {
        return change(id, "fail", JobState.FAILED.name(), reason);
    }

    public CompletionStage<ChangeResult> cancel(UUID id) {
        return change(id, "fail", JobState.CANCELLED.name(), "");
    }

    /** Makes a job EXPIRED if its deadline has passed. Any other change after the deadline does so too. */
    public CompletionStage<ChangeResult> expire(UUID id) {
        return change(id, "expire");
    }

    public CompletionStage<Optional<JobStatus>> find(UUID id) {
        CompletionStage<List<String>> found =
                stateMachine.run(ScriptOutputType.MULTI, RedisKeys.ofScripts(), arguments(id, "find"));
        return found.thenApply(fields -> fields.isEmpty() ? Optional.empty() : Optional.of(status(map(fields))));
    }

    /**
     * Newest first.
     *
     * @param tenant whose jobs, or empty for everybody's
     * @param before only jobs submitted before this one, which need not exist any more; null for the newest
     * @return ids of jobs, some of which may have been deleted since
     */
    public CompletionStage<List<UUID>> list(Optional<String> tenant, UUID before, int limit) {
        Range.Boundary<String> newest =
                before == null ? Range.Boundary.unbounded() : Range.Boundary.excluding(before.toString());
        return redis.zrevrangebylex(
                        tenant.map(RedisKeys::jobs).orElse(RedisKeys.JOBS),
                        Range.from(Range.Boundary.unbounded(), newest),
                        Limit.create(0, limit))
                .thenApply(ids -> ids.stream().map(UUID::fromString).toList());
    }

    /**
     * Selects the jobs to list. {@code live} excludes {@code state}.
     *
     * @param tenant owner of the jobs, or empty for all tenants
     * @param live whether to list only unfinished jobs
     * @param state only jobs in this state, or empty
     * @param model only jobs of this model, or empty
     */
    public record Filter(Optional<String> tenant, boolean live, Optional<JobState> state, Optional<String> model) {}

    /** @param next the id to continue before, or null at the end */
    public record Found(List<UUID> ids, UUID next) {}

    /**
     * Lists jobs, the newest first. It reads at most {@link #SCANNED} jobs, so a page can be incomplete.
     *
     * @param before only jobs submitted before this one, or null for the newest
     */
    public CompletionStage<Found> list(Filter filter, UUID before, int limit) {
        CompletionStage<List<String>> found = listing.run(
                ScriptOutputType.MULTI,
                new String[] {set(filter), RedisKeys.JOB},
                before == null ? "" : before.toString(),
                filter.state().map(JobState::name).orElse(""),
                filter.model().orElse(""),
                String.valueOf(limit),
                String.valueOf(SCANNED));
        return found.thenApply(ids -> new Found(
                ids.stream().skip(1).map(UUID::fromString).toList(),
                ids.getFirst().isEmpty() ? null : UUID.fromString(ids.getFirst())));
    }

    /** Returns the smallest set that contains all selected jobs. */
    private static String set(Filter filter) {
        if (filter.live()) {
            return RedisKeys.jobs(RedisKeys.LIVE, filter.tenant());
        }
        return filter.state()
                .map(state -> RedisKeys.jobs(state.terminal() ? state.name() : RedisKeys.LIVE, filter.tenant()))
                .orElseGet(() -> filter.tenant().map(RedisKeys::jobs).orElse(RedisKeys.JOBS));
    }

    /**
     * Deletes a finished job except for its state, which late records of Kafka and late calls of workers still need.
     */
    public CompletionStage<Void> delete(UUID id) {
        return run(id, "delete").thenAccept(answer -> {});
    }

    /** Trims the events of a finished job to the states, the results, and each image's last step and preview. */
    public CompletionStage<Void> trim(UUID id) {
        CompletionStage<String> trimmed = trimming.run(
                ScriptOutputType.STATUS, new String[] {RedisKeys.events(id), RedisKeys.TRIMS}, id.toString());
        return trimmed.thenAccept(ok -> {});
    }

    /** Deletes everything of a finished job. */
    public CompletionStage<Void> forget(UUID id) {
        return redis.hmget(RedisKeys.job(id), "tenant", "state")
                .thenCompose(fields -> forget(
                        id, fields.get(0).getValueOrElse(""), fields.get(1).getValueOrElse("")));
    }

    private CompletionStage<Void> forget(UUID id, String tenant, String state) {
        Stream<String> sets = Stream.of(
                RedisKeys.JOBS,
                RedisKeys.jobs(tenant),
                RedisKeys.jobs(state, Optional.empty()),
                RedisKeys.jobs(state, Optional.of(tenant)),
                RedisKeys.FINISHED);
        return CompletableFuture.allOf(Stream.concat(
                        sets.map(set -> redis.zrem(set, id.toString())),
                        Stream.of(redis.del(RedisKeys.job(id), RedisKeys.events(id))))
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture<?>[]::new));
    }

    private CompletionStage<ChangeResult> change(UUID id, String operation, String... arguments) {
        return run(id, operation, arguments).thenApply(ChangeResult::parse);
    }

    private CompletionStage<String> run(UUID id, String operation, String... more) {
        return stateMachine.run(ScriptOutputType.VALUE, RedisKeys.ofScripts(), arguments(id, operation, more));
    }

    private String[] arguments(UUID id, String operation, String... more) {
        return Stream.concat(Stream.of(operation, id.toString(), millis(retention)), Stream.of(more))
                .toArray(String[]::new);
    }

    /** Converts a reply of alternating names and values to a map. */
    private static Map<String, String> map(List<String> fields) {
        return IntStream.range(0, fields.size() / 2)
                .boxed()
                .collect(Collectors.toMap(i -> fields.get(2 * i), i -> fields.get(2 * i + 1)));
    }

    private static JobStatus status(Map<String, String> hash) {
        return new JobStatus(
                JobJson.read(hash.get("request"), Job.class),
                hash.get("tenant"),
                JobState.valueOf(hash.get("state")),
                IntStream.range(0, Integer.parseInt(hash.get("count")))
                        .mapToObj(i -> image(hash, i))
                        .toList(),
                instant(hash.get("expires")),
                instant(hash.get("started")),
                instant(hash.get("finished")),
                hash.get("position") == null ? null : Integer.valueOf(hash.get("position")),
                instant(hash.get("eta")),
                hash.get("error"),
                hash.containsKey("warnings") ? List.of(JobJson.read(hash.get("warnings"), String[].class)) : List.of(),
                hash.get("trace"),
                Long.parseLong(hash.get("events")));
    }

    private static JobStatus.Image image(Map<String, String> hash, int i) {
        return new JobStatus.Image(
                i,
                JobState.valueOf(hash.get(i + ":state")),
                Integer.parseInt(hash.get(i + ":step")),
                hash.get(i + ":worker"),
                Integer.parseInt(hash.get(i + ":attempt")),
                hash.get(i + ":key"),
                hash.get(i + ":type"));
    }

    private static Instant instant(String millis) {
        return millis == null ? null : Instant.ofEpochMilli(Long.parseLong(millis));
    }

    private static String index(SampleId sample) {
        return String.valueOf(sample.index());
    }

    private static String millis(Duration duration) {
        return String.valueOf(duration.toMillis());
    }
}
