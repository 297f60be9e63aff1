package io.ruido.gateway.a1111;

import io.ruido.gateway.models.ModelCatalog;
import io.ruido.job.ModelCard;
import io.ruido.redis.TenantSettings;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The model of a request that names none: what the tenant's clients have set, or the gateway's default. */
public final class Checkpoint {
    private final TenantSettings settings;
    private final ModelCatalog catalog;

    public Checkpoint(TenantSettings settings, ModelCatalog catalog) {
        this.settings = settings;
        this.catalog = catalog;
    }

    /** Empty while there is no model. */
    CompletionStage<Optional<String>> of(String tenant) {
        return settings.find(tenant, SdParameters.CHECKPOINT)
                .thenCombine(catalog.all(), (set, cards) -> set.filter(name -> served(name, cards))
                        .or(() -> catalog.defaultOf(cards).map(ModelCard::name)));
    }

    private static boolean served(String name, List<ModelCard> cards) {
        return cards.stream().anyMatch(card -> card.name().equals(name));
    }

    CompletionStage<Void> put(String tenant, String model) {
        return settings.put(tenant, SdParameters.CHECKPOINT, model);
    }
}
