package io.ruido.gateway.jobs;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import io.ruido.config.RuidoConfig.JobsConfig;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.models.ModelCatalog;
import io.ruido.gateway.uploads.Uploads;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Hires;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Job;
import io.ruido.job.JobJson;
import io.ruido.job.ModelCard;
import io.ruido.job.Output;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SampleId;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Variation;
import io.ruido.job.prompting.AddOn;
import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.redis.AddOnRegistry;
import io.ruido.redis.SubmitOptions;
import io.ruido.redis.WebhookEvent;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;

/** Makes a job of a client's request, with the model's defaults for absent fields, and a random seed. */
public final class SubmissionReader {
    private static final long SEEDS = 1L << 32;
    /** The default strength of diffusers' pipelines. */
    private static final double STRENGTH = 0.8;
    /** Of AUTOMATIC1111's web UI. */
    private static final double HIRES_STRENGTH = 0.75;

    private final ModelCatalog catalog;
    private final AddOnRegistry loras;
    private final Uploads uploads;
    private final InstantSource clock;
    private final RandomGenerator seeds;
    private final JobsConfig config;
    private final NoArgGenerator ids = Generators.timeBasedEpochGenerator();

    public SubmissionReader(
            ModelCatalog catalog,
            AddOnRegistry loras,
            Uploads uploads,
            InstantSource clock,
            RandomGenerator seeds,
            JobsConfig config) {
        this.catalog = catalog;
        this.loras = loras;
        this.uploads = uploads;
        this.clock = clock;
        this.seeds = seeds;
        this.config = config;
    }

    /**
     * Fails with a {@link ProblemException} or an {@link InvalidFieldException} when the model cannot do it.
     *
     * @param body valid by the contract, with its defaults
     * @param idempotencyKey null when there is none
     */
    public CompletionStage<Submission> read(JsonObject body, String tenant, String idempotencyKey) {
        return catalog.require(body.getString("model")).thenCompose(card -> source(body, card, tenant)
                .thenApply(source -> {
                    Job job = job(body, card, source);
                    card.checkPrompts(job);
                    return new Submission(job, options(body, card, tenant, idempotencyKey));
                })
                .thenCompose(this::checkLoras));
    }

    private CompletionStage<Submission> checkLoras(Submission submission) {
        List<LoraUse> wanted = submission.job().params().prompting().loras();
        return wanted.isEmpty()
                ? CompletableFuture.completedStage(submission)
                : loras.list().thenApply(known -> {
                    wanted.forEach(lora -> checkLora(lora, known));
                    return submission;
                });
    }

    private static void checkLora(LoraUse lora, List<AddOn> known) {
        if (known.stream().noneMatch(card -> card.name().equals(lora.name()))) {
            throw new InvalidFieldException(
                    "loras", lora.name(), "must be the name of a file that GET /v1/loras lists");
        }
    }

    private SubmitOptions options(JsonObject body, ModelCard card, String tenant, String idempotencyKey) {
        return new SubmitOptions(
                tenant,
                config.maxQueued(),
                Optional.ofNullable(body.getInteger("expiresIn")).map(Duration::ofSeconds),
                Optional.ofNullable(idempotencyKey)
                        .map(key -> new SubmitOptions.Key(key, fingerprint(body), config.idempotencyTtl())),
                receiver(body),
                card.cost());
    }

    /** Null when the job begins with noise. */
    private CompletionStage<Source> source(JsonObject body, ModelCard card, String tenant) {
        String image = body.getString("image");
        String mask = body.getString("mask");
        if (image == null) {
            needs(body, "mask", "image");
            needs(body, "strength", "image");
            return CompletableFuture.completedStage(null);
        }
        double strength = body.getDouble("strength", card.clips() == null ? STRENGTH : 1);
        return uploads.require("image", image, tenant)
                .thenCompose(picture -> mask == null
                        ? CompletableFuture.completedStage(new Source(picture, strength, null))
                        : uploads.require("mask", mask, tenant).thenApply(kept -> new Source(picture, strength, kept)));
    }

    private static void needs(JsonObject body, String field, String other) {
        if (body.containsKey(field)) {
            throw new InvalidFieldException(field, body.getValue(field), "needs " + other);
        }
    }

    private static Optional<SubmitOptions.Receiver> receiver(JsonObject body) {
        String webhook = body.getString("webhook");
        if (webhook == null) {
            needs(body, "webhookEvents", "webhook");
            return Optional.empty();
        }
        Set<WebhookEvent> events = body.getJsonArray("webhookEvents", new JsonArray().add("ended")).stream()
                .map(event -> WebhookEvent.of((String) event))
                .collect(Collectors.toSet());
        return Optional.of(new SubmitOptions.Receiver(address(webhook), events));
    }

    private static URI address(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new InvalidFieldException("webhook", text, "must be an address");
        }
    }

    /** The same for the same fields and values, in whatever order. */
    private static String fingerprint(JsonObject body) {
        return DigestUtils.sha256Hex(JobJson.writeBytes(new TreeMap<>(body.getMap())));
    }

    private Job job(JsonObject body, ModelCard card, Source source) {
        SamplingParams params = params(body, card, source);
        card.checkSupports(params);
        Hires hires = hires(body, params);
        checkSupports(card, hires, params);
        UUID id = ids.generate();
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        String prompt = body.getString("prompt");
        String negativePrompt = body.getString("negativePrompt");
        int count = body.getInteger("count");
        Priority priority = Priority.valueOf(body.getString("priority").toUpperCase(Locale.ROOT));
        if (body.getString("type").equals("prompt")) {
            return new PromptJob(
                    id, prompt, negativePrompt, count, params, priority, now, body.getString("origin"), hires);
        }
        if (count != 1) {
            throw new InvalidFieldException("count", count, "must be 1 for a sampling job");
        }
        return new SamplingJob(new SampleId(id, 0), prompt, negativePrompt, null, params, priority, now, hires);
    }

    /** Null for a job of one pass. */
    private static Hires hires(JsonObject body, SamplingParams params) {
        if (!body.containsKey("hiresWidth") && !body.containsKey("hiresHeight")) {
            for (String field : List.of("hiresSteps", "hiresStrength", "hiresUpscaler")) {
                needs(body, field, "hiresWidth");
            }
            return null;
        }
        double scale = body.containsKey("hiresWidth")
                ? (double) body.getInteger("hiresWidth") / params.width()
                : (double) body.getInteger("hiresHeight") / params.height();
        return new Hires(
                body.getInteger("hiresWidth", (int) Math.round(params.width() * scale)),
                body.getInteger("hiresHeight", (int) Math.round(params.height() * scale)),
                body.getInteger("hiresSteps", params.steps()),
                body.getDouble("hiresStrength", HIRES_STRENGTH),
                Hires.Upscaler.valueOf(body.getString("hiresUpscaler", "latent").toUpperCase(Locale.ROOT)));
    }

    private static void checkSupports(ModelCard card, Hires hires, SamplingParams params) {
        if (hires == null) {
            return;
        }
        if (params.source() != null) {
            throw new InvalidFieldException("hiresWidth", hires.width(), "needs a job that begins with noise");
        }
        if (params.geometry().isClip()) {
            throw new InvalidFieldException("hiresWidth", hires.width(), "is for images, not for clips");
        }
        card.checkSupports(hires);
    }

    private SamplingParams params(JsonObject body, ModelCard card, Source source) {
        boolean sized = body.containsKey("width") || body.containsKey("height");
        SamplingParams defaults = source == null || sized ? card.defaults() : card.defaultsFor(source.image());
        Geometry geometry = new Geometry(
                body.getInteger("width", defaults.width()),
                body.getInteger("height", defaults.height()),
                frames(body, card));
        return new SamplingParams(
                card.name(),
                geometry,
                body.getInteger("steps", defaults.steps()),
                body.getDouble("guidanceScale", defaults.guidanceScale()),
                body.getString("sampler", defaults.sampler()),
                body.getLong("seed", seeds.nextLong(SEEDS)),
                variation(body),
                source,
                body.getDouble("eta"),
                output(body, card, geometry),
                prompting(body),
                churn(body),
                body.getBoolean("tiling", false));
    }

    private static Prompting prompting(JsonObject body) {
        PromptSyntax syntax =
                PromptSyntax.valueOf(body.getString("promptSyntax", "plain").toUpperCase(Locale.ROOT));
        List<LoraUse> loras = new ArrayList<>();
        for (Object lora : body.getJsonArray("loras", new JsonArray())) {
            JsonObject given = (JsonObject) lora;
            loras.add(new LoraUse(given.getString("name"), given.getDouble("weight", 1.0)));
        }
        if (syntax == PromptSyntax.A1111) {
            loras.addAll(ExtraNetworks.in(body.getString("prompt")));
        }
        return new Prompting(syntax, body.getInteger("clipSkip", 0), loras);
    }

    private static Churn churn(JsonObject body) {
        if (body.getDouble("sChurn", 0.0) == 0) {
            return Churn.NONE; // and the others have no effect
        }
        return new Churn(
                body.getDouble("sChurn"),
                body.getDouble("sTmin", Churn.NONE.tmin()),
                body.getDouble("sTmax"),
                body.getDouble("sNoise", Churn.NONE.noise()));
    }

    private static int frames(JsonObject body, ModelCard card) {
        if (!body.containsKey("seconds")) {
            return body.getInteger("frames", card.defaults().geometry().frames());
        }
        double seconds = body.getDouble("seconds");
        if (body.containsKey("frames")) {
            throw new InvalidFieldException("seconds", seconds, "must not be given with frames");
        }
        if (card.clips() == null) {
            throw new InvalidFieldException(
                    "seconds", seconds, "is for clips, but model %s makes images".formatted(card.name()));
        }
        return card.clips().frames(seconds, body.getDouble("fps", card.clips().framesPerSecond()));
    }

    /** A clip's frames per second are those of its model at this time. */
    private static Double fps(JsonObject body, ModelCard card, Geometry geometry) {
        boolean clip = card.clips() != null && geometry.isClip();
        return body.getDouble("fps", clip ? card.clips().framesPerSecond() : null);
    }

    private static Output output(JsonObject body, ModelCard card, Geometry geometry) {
        Output.Format format = body.containsKey("outputFormat")
                ? Output.Format.valueOf(body.getString("outputFormat").toUpperCase(Locale.ROOT))
                : Output.defaultFor(geometry).format();
        int quality = format == Output.Format.PNG
                ? Output.PNG.quality()
                : body.getInteger("outputQuality", Output.DEFAULT_QUALITY);
        return new Output(format, quality, fps(body, card, geometry));
    }

    private Variation variation(JsonObject body) {
        double strength = body.getDouble("variationStrength", 0.0);
        if (!body.containsKey("variationStrength")) {
            needs(body, "variationSeed", "variationStrength");
        }
        return strength == 0 ? null : new Variation(body.getLong("variationSeed", seeds.nextLong(SEEDS)), strength);
    }
}
