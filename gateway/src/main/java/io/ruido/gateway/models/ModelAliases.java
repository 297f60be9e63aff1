package io.ruido.gateway.models;

import io.ruido.job.ModelCard;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Other names for models, for clients that only know the names of another service. */
public final class ModelAliases {
    private final Map<String, String> models = new LinkedHashMap<>();

    /** @param aliases entries {@code alias=model} */
    public ModelAliases(List<String> aliases) {
        aliases.forEach(alias -> {
            int end = alias.indexOf('=');
            models.put(alias.substring(0, end), alias.substring(end + 1));
        });
    }

    /** Finds a model by its name or its alias. */
    Optional<ModelCard> find(List<ModelCard> cards, String name) {
        return named(cards, name).or(() -> named(cards, models.get(name)));
    }

    /** Returns the names of all models, and the aliases of models that are served. */
    List<String> names(List<ModelCard> cards) {
        Stream<String> served = models.keySet().stream()
                .filter(alias -> named(cards, alias).isEmpty())
                .filter(alias -> find(cards, alias).isPresent());
        return Stream.concat(cards.stream().map(ModelCard::name), served).toList();
    }

    private static Optional<ModelCard> named(List<ModelCard> cards, String name) {
        return cards.stream().filter(card -> card.name().equals(name)).findFirst();
    }
}
