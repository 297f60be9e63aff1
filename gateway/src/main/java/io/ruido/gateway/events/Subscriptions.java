package io.ruido.gateway.events;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.job.JobJson;
import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One WebSocket that watches many jobs: {@code Command} frames come in, {@code JobEvent} frames go out. */
final class Subscriptions implements AutoCloseable {
    private static final int AT_MOST = 1_000;

    private final Caller caller;
    private final Jobs jobs;
    private final EventStream events;
    private final SchemaCheck commands;
    private final ServerWebSocket socket;
    private final Context loop;
    private final Map<UUID, Feed> feeds = new HashMap<>();

    Subscriptions(
            Caller caller, Jobs jobs, EventStream events, SchemaCheck commands, ServerWebSocket socket, Context loop) {
        this.caller = caller;
        this.jobs = jobs;
        this.events = events;
        this.commands = commands;
        this.socket = socket;
        this.loop = loop;
    }

    private record Refusal(UUID job, Problem problem) {}

    void onCommand(String text) {
        Object command;
        try {
            command = Json.decodeValue(text);
        } catch (DecodeException e) {
            refuse(null, Problem.of(Problem.Code.MALFORMED_REQUEST, "The command is no JSON."));
            return;
        }
        Collection<Problem.Field> refused = commands.check("command", command);
        if (!refused.isEmpty()) {
            refuse(null, Problem.invalid(List.copyOf(refused)));
            return;
        }
        JsonObject valid = (JsonObject) command;
        UUID job = UUID.fromString(valid.getString("job"));
        switch (valid.getString("op")) {
            case "subscribe" -> subscribe(job, valid.getInteger("after", 0));
            case "unsubscribe" -> drop(job);
            default -> answer(job, Future.fromCompletionStage(jobs.cancel(caller, job), loop));
        }
    }

    private void subscribe(UUID id, long after) {
        if (feeds.size() >= AT_MOST) {
            refuse(
                    id,
                    Problem.of(Problem.Code.TOO_MANY_SUBSCRIPTIONS, "One connection watches at most " + AT_MOST + "."));
            return;
        }
        answer(id, Future.fromCompletionStage(jobs.find(caller, id), loop).onSuccess(job -> open(job, after)));
    }

    private void open(JobStatus job, long after) {
        UUID id = job.job().jobId();
        drop(id);
        Feed feed = new Feed(events, id, Math.min(after, job.lastEvent()), loop, socket, (event, json) -> {
            socket.writeTextMessage("{\"job\":\"" + id + "\",\"event\":" + json + "}");
            if (event.last()) {
                feeds.remove(id);
            }
        });
        if (!socket.isClosed() && !Feed.none(job, after)) {
            feeds.put(id, feed);
            feed.resume();
        }
    }

    private void answer(UUID job, Future<JobStatus> change) {
        change.onFailure(error -> refuse(job, Problems.of(error)));
    }

    private void refuse(UUID job, Problem problem) {
        if (!socket.isClosed()) {
            socket.writeTextMessage(JobJson.write(new Refusal(job, problem)));
        }
    }

    private void drop(UUID job) {
        Feed feed = feeds.remove(job);
        if (feed != null) {
            feed.close();
        }
    }

    /** The socket has drained: all go on. */
    void resume() {
        List.copyOf(feeds.values()).forEach(Feed::resume);
    }

    @Override
    public void close() {
        feeds.values().forEach(Feed::close);
        feeds.clear();
    }
}
