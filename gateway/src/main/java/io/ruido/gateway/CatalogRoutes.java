package io.ruido.gateway;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.config.RuidoConfig.JobsConfig;
import io.ruido.job.ModelCard;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What can be asked for. */
final class CatalogRoutes {
    private final ModelCatalog catalog;
    private final Limits limits;

    CatalogRoutes(ModelCatalog catalog, JobsConfig config) {
        this.catalog = catalog;
        this.limits = new Limits(config.maxSteps(), config.maxCount(), config.maxPromptLength());
    }

    private record Limits(int maxSteps, int maxCount, int maxPromptLength) {}

    private record Models(
            List<ModelCard> models, @JsonProperty("default") String defaultModel, Limits limits) {}

    private record SamplerView(String id, String title, List<String> models) {}

    private record Samplers(Collection<SamplerView> samplers) {}

    void models(RoutingContext ctx) {
        Reply.on(ctx, catalog.all())
                .onSuccess(cards -> Reply.json(
                        ctx,
                        200,
                        new Models(
                                cards,
                                catalog.defaultOf(cards).map(ModelCard::name).orElse(null),
                                limits)))
                .onFailure(ctx::fail);
    }

    void samplers(RoutingContext ctx) {
        Reply.on(ctx, catalog.all())
                .onSuccess(cards -> Reply.json(ctx, 200, new Samplers(samplersOf(cards))))
                .onFailure(ctx::fail);
    }

    private static Collection<SamplerView> samplersOf(List<ModelCard> cards) {
        Map<String, SamplerView> samplers = new LinkedHashMap<>();
        for (ModelCard card : cards) {
            for (ModelCard.Sampler sampler : card.samplers()) {
                samplers.computeIfAbsent(sampler.id(), id -> new SamplerView(id, sampler.title(), new ArrayList<>()))
                        .models()
                        .add(card.name());
            }
        }
        return samplers.values();
    }
}
