package io.ruido.progress;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The cards of all models that a worker has ever served here, and who serves them now. */
public final class ModelRegistry {
    private final RedisAsyncCommands<String, String> redis;
    private final Script serve;
    private final Script serving;

    public ModelRegistry(Redis redis) {
        this.redis = redis.text().async();
        this.serve = new Script(this.redis, "serve.lua");
        this.serving = new Script(this.redis, "serving.lua");
    }

    /**
     * Announces a worker, until the lease ends or it leaves.
     *
     * @param slots how many images it takes at a time
     */
    public CompletionStage<Void> serve(String worker, int slots, List<ModelCard> cards, Duration lease) {
        Map<String, String> byName = cards.stream().collect(Collectors.toMap(ModelCard::name, JobJson::write));
        CompletionStage<String> served =
                serve.run(ScriptOutputType.VALUE, keys(cards), member(worker, slots), String.valueOf(lease.toMillis()));
        return redis.hset(RedisKeys.MODELS, byName).thenCombine(served, (added, ok) -> null);
    }

    /** Takes back what {@link #serve} announced. */
    public CompletionStage<Void> leave(String worker, int slots, List<ModelCard> cards) {
        return CompletableFuture.allOf(Stream.of(keys(cards))
                .map(workers -> redis.zrem(workers, member(worker, slots)).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    private static String member(String worker, int slots) {
        return slots + " " + worker;
    }

    private static String[] keys(List<ModelCard> cards) {
        return cards.stream().map(card -> RedisKeys.workers(card.name())).toArray(String[]::new);
    }

    /** How many workers serve each of the models now. */
    public CompletionStage<List<Long>> workers(List<ModelCard> cards) {
        return serving.run(ScriptOutputType.MULTI, keys(cards));
    }

    /** By name. */
    public CompletionStage<List<ModelCard>> list() {
        return redis.hgetall(RedisKeys.MODELS).thenApply(cards -> cards.values().stream()
                .map(json -> JobJson.read(json, ModelCard.class))
                .sorted(Comparator.comparing(ModelCard::name))
                .toList());
    }
}
