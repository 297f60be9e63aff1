package io.ruido.progress;

import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The cards of all models that a worker has ever served here: what the gateway accepts jobs for. */
public final class ModelRegistry {
    private final RedisAsyncCommands<String, String> redis;

    public ModelRegistry(Redis redis) {
        this.redis = redis.text().async();
    }

    public CompletionStage<Void> publish(ModelCard card) {
        return redis.hset(RedisKeys.MODELS, card.name(), JobJson.write(card)).thenAccept(added -> {});
    }

    public CompletionStage<Optional<ModelCard>> find(String name) {
        return redis.hget(RedisKeys.MODELS, name)
                .thenApply(json -> Optional.ofNullable(json).map(text -> JobJson.read(text, ModelCard.class)));
    }

    /** By name. */
    public CompletionStage<List<ModelCard>> list() {
        return redis.hgetall(RedisKeys.MODELS).thenApply(cards -> cards.values().stream()
                .map(json -> JobJson.read(json, ModelCard.class))
                .sorted(java.util.Comparator.comparing(ModelCard::name))
                .toList());
    }
}
