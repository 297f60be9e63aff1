package io.ruido.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.Value;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.ruido.job.UnavailableModel;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The cards of all models that a worker has ever served, and the workers that serve them now. */
public final class ModelRegistry {
    private final RedisAsyncCommands<String, String> redis;
    private final LuaScript serve;
    private final LuaScript serving;
    private final LuaScript announced;

    public ModelRegistry(Redis redis) {
        this.redis = redis.text().async();
        this.serve = new LuaScript(this.redis, "serve.lua");
        this.serving = new LuaScript(this.redis, "serving.lua");
        this.announced = new LuaScript(this.redis, "announced.lua");
    }

    /**
     * Announces a worker until its lease ends or it leaves.
     *
     * @param slots number of images that it takes at a time
     */
    public CompletionStage<Void> serve(String worker, int slots, List<ModelCard> cards, Duration lease) {
        Map<String, String> byName = cards.stream().collect(Collectors.toMap(ModelCard::name, JobJson::write));
        CompletionStage<String> served =
                serve.run(ScriptOutputType.VALUE, keys(cards), member(worker, slots), String.valueOf(lease.toMillis()));
        return redis.hset(RedisKeys.MODELS, byName).thenCombine(served, (added, ok) -> null);
    }

    /** Announces models that a worker cannot serve until the lease ends. */
    public CompletionStage<Void> announceUnavailable(List<UnavailableModel> models, Duration lease) {
        return CompletableFuture.allOf(models.stream()
                .map(model -> serve.run(
                                ScriptOutputType.VALUE,
                                new String[] {RedisKeys.UNAVAILABLE_MODELS},
                                JobJson.write(model),
                                String.valueOf(lease.toMillis()))
                        .toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    /** Returns the models that some worker cannot serve now, by name. */
    public CompletionStage<List<UnavailableModel>> unavailable() {
        CompletionStage<List<String>> found =
                announced.run(ScriptOutputType.MULTI, new String[] {RedisKeys.UNAVAILABLE_MODELS});
        return found.thenApply(models -> Announced.read(models, UnavailableModel.class)
                .sorted(Comparator.comparing(UnavailableModel::name))
                .toList());
    }

    /** Stores the status of a worker until its lease expires. */
    public CompletionStage<Void> report(WorkerStatus status, Duration lease) {
        return redis.psetex(RedisKeys.worker(status.id()), lease.toMillis(), JobJson.write(status))
                .thenAccept(ok -> {});
    }

    /** Returns the status of all live workers, by id. */
    public CompletionStage<List<WorkerStatus>> reports() {
        return list().thenCompose(this::members)
                .thenCompose(ids -> ids.isEmpty() ? CompletableFuture.completedStage(List.of()) : reports(ids));
    }

    private CompletionStage<List<String>> members(List<ModelCard> cards) {
        List<CompletableFuture<List<String>>> members = Stream.of(keys(cards))
                .map(workers -> redis.zrange(workers, 0, -1).toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(members.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> members.stream()
                        .flatMap(some -> some.join().stream())
                        .map(member -> member.substring(member.indexOf(' ') + 1))
                        .distinct()
                        .sorted()
                        .toList());
    }

    private CompletionStage<List<WorkerStatus>> reports(List<String> ids) {
        return redis.mget(ids.stream().map(RedisKeys::worker).toArray(String[]::new))
                .thenApply(found -> Announced.read(
                                found.stream()
                                        .filter(Value::hasValue)
                                        .map(Value::getValue)
                                        .toList(),
                                WorkerStatus.class)
                        .toList());
    }

    /** Withdraws what {@link #serve} announced. */
    public CompletionStage<Void> leave(String worker, int slots, List<ModelCard> cards) {
        return CompletableFuture.allOf(Stream.of(keys(cards))
                        .map(workers ->
                                redis.zrem(workers, member(worker, slots)).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new))
                .thenCombine(redis.del(RedisKeys.worker(worker)), (left, deleted) -> null);
    }

    private static String member(String worker, int slots) {
        return slots + " " + worker;
    }

    private static String[] keys(List<ModelCard> cards) {
        return cards.stream().map(card -> RedisKeys.workers(card.name())).toArray(String[]::new);
    }

    /** Returns the number of workers that serve each of the models now. */
    public CompletionStage<List<Long>> workers(List<ModelCard> cards) {
        return serving.run(ScriptOutputType.MULTI, keys(cards));
    }

    /** Returns all models whose cards can be read, sorted by name. */
    public CompletionStage<List<ModelCard>> list() {
        return redis.hgetall(RedisKeys.MODELS).thenApply(cards -> Announced.read(cards.values(), ModelCard.class)
                .sorted(Comparator.comparing(ModelCard::name))
                .toList());
    }
}
