package io.ruido.gateway.models;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.ruido.config.RuidoConfig.JobsConfig;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.http.Problems;
import io.ruido.gateway.http.Reply;
import io.ruido.gateway.http.RequestValidation;
import io.ruido.gateway.http.Route;
import io.ruido.job.ModelCard;
import io.ruido.job.UnavailableModel;
import io.ruido.job.prompting.AddOn;
import io.ruido.redis.AddOnRegistry;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Routes that list models, samplers, LoRAs, embeddings and limits. */
public final class CatalogRoutes {
    private final ModelCatalog catalog;
    private final AddOnRegistry loras;
    private final AddOnRegistry embeddings;
    private final Limits limits;

    public CatalogRoutes(
            ModelCatalog catalog,
            AddOnRegistry loras,
            AddOnRegistry embeddings,
            JobsConfig jobs,
            UploadsConfig uploads) {
        this.catalog = catalog;
        this.loras = loras;
        this.embeddings = embeddings;
        this.limits = new Limits(
                jobs.maxSteps(), jobs.maxCount(), jobs.maxPromptLength(), uploads.maxBytes(), uploads.maxPixels());
    }

    public List<Route> routes() {
        return List.of(
                Route.of("listModels", this::models),
                Route.of("getModel", this::model),
                Route.of("listSamplers", this::samplers),
                Route.of("listLoras", this::loras),
                Route.of("listEmbeddings", this::embeddings));
    }

    private record Limits(int maxSteps, int maxCount, int maxPromptLength, int maxUploadBytes, int maxUploadPixels) {}

    /** @param workers number of workers that serve it now */
    private record ModelView(@JsonUnwrapped ModelCard card, long workers) {}

    /** The list of models, for OpenAI's clients in {@code data} and for others in {@code models}. */
    private record Models(
            List<ModelView> models,
            List<UnavailableModel> unavailable,
            @JsonProperty("default") String defaultModel,
            Limits limits,
            String object,
            List<OpenAiModel> data) {}

    private record OpenAiModel(
            String id,
            String object,
            long created,
            @JsonProperty("owned_by") String ownedBy) {
        static OpenAiModel of(String name) {
            return new OpenAiModel(name, "model", 0, "ruido");
        }
    }

    /** One model, with the fields of both interfaces. */
    private record Model(
            @JsonUnwrapped OpenAiModel openAi,
            @JsonUnwrapped ModelView view) {}

    private record SamplerView(String id, String title, List<String> models) {}

    private record Samplers(Collection<SamplerView> samplers) {}

    private void models(RoutingContext ctx) {
        Reply.on(ctx, catalog.all().thenCompose(cards -> catalog.workers(cards)
                        .thenCombine(
                                catalog.unavailable(), (workers, unavailable) -> models(cards, workers, unavailable))))
                .onSuccess(models -> Reply.json(ctx, 200, models))
                .onFailure(ctx::fail);
    }

    private Models models(List<ModelCard> cards, List<Long> workers, List<UnavailableModel> unavailable) {
        return new Models(
                IntStream.range(0, cards.size())
                        .mapToObj(i -> new ModelView(cards.get(i), workers.get(i)))
                        .toList(),
                unavailable,
                catalog.defaultOf(cards).map(ModelCard::name).orElse(null),
                limits,
                "list",
                catalog.names(cards).stream().map(OpenAiModel::of).toList());
    }

    private void model(RoutingContext ctx) {
        String name = RequestValidation.value(ctx, "id");
        Reply.on(ctx, catalog.require(name).thenCompose(card -> catalog.workers(List.of(card))
                        .thenApply(workers -> new ModelView(card, workers.getFirst()))))
                .onSuccess(view -> Reply.json(ctx, 200, new Model(OpenAiModel.of(name), view)))
                .onFailure(error -> ctx.fail(notFound(error)));
    }

    /** Converts the error for an unknown model, which is a wrong field in a job, to 404. */
    private static Throwable notFound(Throwable error) {
        Problem problem = Problems.of(error);
        return problem.code().equals(Problem.Code.UNKNOWN_MODEL.label())
                ? new ProblemException(Problem.of(Problem.Code.NOT_FOUND, problem.detail()))
                : error;
    }

    private void samplers(RoutingContext ctx) {
        Reply.on(ctx, catalog.all())
                .onSuccess(cards -> Reply.json(ctx, 200, new Samplers(samplersOf(cards))))
                .onFailure(ctx::fail);
    }

    private record Loras(List<AddOn> loras) {}

    private void loras(RoutingContext ctx) {
        Reply.on(ctx, loras.list())
                .onSuccess(found -> Reply.json(ctx, 200, new Loras(found)))
                .onFailure(ctx::fail);
    }

    private record Embeddings(List<AddOn> embeddings) {}

    private void embeddings(RoutingContext ctx) {
        Reply.on(ctx, embeddings.list())
                .onSuccess(found -> Reply.json(ctx, 200, new Embeddings(found)))
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
