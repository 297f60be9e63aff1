package io.ruido.gateway.events;

import io.ruido.gateway.access.Caller;
import io.ruido.gateway.access.Quota;
import io.ruido.gateway.http.ClientJson;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Refusals;
import io.ruido.gateway.http.SchemaCheck;
import io.ruido.gateway.jobs.Jobs;
import io.ruido.job.JobJson;
import io.ruido.job.JobStatus;
import io.ruido.redis.EventStream;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One WebSocket that watches many jobs: {@code Command} frames come in, {@code JobEvent} frames go out. */
final class Subscriptions implements AutoCloseable {
    private static final int MAX_SUBSCRIPTIONS = 1_000;
    private static final int LONGEST_COMMAND = 4_096;

    private final Caller caller;
    private final Jobs jobs;
    private final EventStream events;
    private final SchemaCheck commands;
    private final Quota quota;
    private final ServerWebSocket socket;
    private final Context loop;
    private final Map<UUID, Feed> feeds = new HashMap<>();
    /** The number of subscriptions whose jobs are being looked up. */
    private int pending;

    Subscriptions(
            Caller caller,
            Jobs jobs,
            EventStream events,
            SchemaCheck commands,
            Quota quota,
            ServerWebSocket socket,
            Context loop) {
        this.caller = caller;
        this.jobs = jobs;
        this.events = events;
        this.commands = commands;
        this.quota = quota;
        this.socket = socket;
        this.loop = loop;
    }

    private record Refusal(UUID job, Problem problem) {}

    /**
     * Runs a command of the client.
     *
     * @param flow counts the unfinished commands
     */
    void onCommand(String text, SocketFlow flow) {
        flow.begin();
        Future.fromCompletionStage(quota.takeRequest(caller), loop)
                .compose(taken -> run(text))
                .onFailure(error -> {
                    if (!(error instanceof Refused)) {
                        refuse(null, Problems.of(error));
                    }
                })
                .onComplete(done -> flow.end());
    }

    /** Marks an error that the client has already been told. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(Throwable cause) {
            super(cause);
        }
    }

    private Future<?> run(String text) {
        if (text.length() > LONGEST_COMMAND) {
            return Future.failedFuture(new ProblemException(Problem.of(
                    Problem.Code.MALFORMED_REQUEST,
                    "A command has at most %d characters.".formatted(LONGEST_COMMAND))));
        }
        Object command = ClientJson.read("command", text.getBytes(StandardCharsets.UTF_8));
        Refusals refused = commands.check("command", command);
        if (!refused.isEmpty()) {
            return Future.failedFuture(new ProblemException(refused.problem()));
        }
        JsonObject valid = (JsonObject) command;
        UUID job = UUID.fromString(valid.getString("job"));
        return switch (valid.getString("op")) {
            case "subscribe" -> answer(job, subscribe(job, valid.getInteger("after", 0)));
            case "unsubscribe" -> {
                drop(job);
                yield Future.succeededFuture();
            }
            default -> answer(job, Future.fromCompletionStage(jobs.cancel(caller, job), loop));
        };
    }

    private Future<JobStatus> subscribe(UUID id, long after) {
        if (feeds.size() + pending >= MAX_SUBSCRIPTIONS) {
            return Future.failedFuture(new ProblemException(Problem.of(
                    Problem.Code.TOO_MANY_SUBSCRIPTIONS, "A connection can watch at most " + MAX_SUBSCRIPTIONS + ".")));
        }
        pending++;
        return Future.fromCompletionStage(jobs.find(caller, id), loop)
                .onComplete(found -> pending--)
                .onSuccess(job -> open(job, after));
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

    private Future<?> answer(UUID job, Future<JobStatus> change) {
        return change.recover(error -> {
            refuse(job, Problems.of(error));
            return Future.failedFuture(new Refused(error));
        });
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

    /** Resumes all feeds after the socket has drained. */
    void resume() {
        List.copyOf(feeds.values()).forEach(Feed::resume);
    }

    @Override
    public void close() {
        feeds.values().forEach(Feed::close);
        feeds.clear();
    }
}
