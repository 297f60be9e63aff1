package io.ruido.gateway.models;

import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.ModelCard;
import io.ruido.job.UnavailableModel;
import io.ruido.redis.ModelRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/** The models that jobs can name, remembered for a few seconds so that accepting a job costs no extra round trip. */
public final class ModelCatalog {
    private static final long FRESH_FOR = Duration.ofSeconds(5).toNanos();

    private record Snapshot(long readAt, List<ModelCard> cards) {}

    private final ModelRegistry registry;
    private final Optional<String> configuredDefault;
    private final ModelAliases aliases;
    private final LongSupplier nanoTime;
    private volatile Optional<Snapshot> newest = Optional.empty();

    /** @param nanoTime that of {@link System}, which does not change when the machine's clock is set */
    public ModelCatalog(
            ModelRegistry registry, Optional<String> configuredDefault, ModelAliases aliases, LongSupplier nanoTime) {
        this.registry = registry;
        this.configuredDefault = configuredDefault;
        this.aliases = aliases;
        this.nanoTime = nanoTime;
    }

    /** All models, sorted by name. */
    public CompletionStage<List<ModelCard>> all() {
        long now = nanoTime.getAsLong();
        return newest.filter(known -> now - known.readAt < FRESH_FOR)
                .map(known -> CompletableFuture.completedStage(known.cards))
                .orElseGet(() -> registry.list().thenApply(cards -> {
                    newest = Optional.of(new Snapshot(now, cards));
                    return cards;
                }));
    }

    /** How many workers serve each of the models now. */
    public CompletionStage<List<Long>> workers(List<ModelCard> cards) {
        return registry.workers(cards);
    }

    /** The models that some worker cannot serve now. */
    public CompletionStage<List<UnavailableModel>> unavailable() {
        return registry.unavailable();
    }

    /** The model of a job that names none, or empty while there is no model. */
    public Optional<ModelCard> defaultOf(List<ModelCard> cards) {
        return configuredDefault.flatMap(name -> aliases.find(cards, name)).or(() -> cards.stream()
                .findFirst());
    }

    /**
     * Fails with a {@link ProblemException} when there is no such model.
     *
     * @param name or alias; null for the default
     */
    public CompletionStage<ModelCard> require(String name) {
        return all().thenCompose(cards -> find(cards, name)
                .map(CompletableFuture::completedStage)
                .orElseGet(() -> registry.list().thenApply(latest -> find(latest, name)
                        .orElseThrow(() -> new ProblemException(unknown(name, latest))))));
    }

    /**
     * One of some models.
     *
     * @param name or alias; null for the default
     */
    public Optional<ModelCard> find(List<ModelCard> cards, String name) {
        return name == null ? defaultOf(cards) : aliases.find(cards, name);
    }

    /** By which models can be named: their names and aliases. */
    public List<String> names(List<ModelCard> cards) {
        return aliases.names(cards);
    }

    private Problem unknown(String name, List<ModelCard> known) {
        if (known.isEmpty()) {
            return Problem.of(Problem.Code.NO_MODEL, "No worker has announced a model yet; try again later.");
        }
        String names = String.join(", ", names(known));
        Problem.Field field = new Problem.Field("model", name, "must be one of " + names);
        return Problem.of(Problem.Code.UNKNOWN_MODEL, field.toString(), List.of(field));
    }
}
