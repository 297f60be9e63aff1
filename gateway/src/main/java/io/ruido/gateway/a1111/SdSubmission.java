package io.ruido.gateway.a1111;

import io.ruido.job.InvalidFieldException;
import io.ruido.job.ModelCard;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A job's {@code Submission}, of the values that AUTOMATIC1111's clients name otherwise. */
final class SdSubmission {
    /** The client's names of a submission's fields. */
    static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("negativePrompt", "negative_prompt"),
            Map.entry("count", "batch_size"),
            Map.entry("guidanceScale", "cfg_scale"),
            Map.entry("clipSkip", "override_settings.CLIP_stop_at_last_layers"),
            Map.entry("sChurn", "s_churn"),
            Map.entry("sTmin", "s_tmin"),
            Map.entry("sTmax", "s_tmax"),
            Map.entry("sNoise", "s_noise"),
            Map.entry("loras", "prompt"),
            Map.entry("sampler", "sampler_name"),
            Map.entry("model", "override_settings.sd_model_checkpoint"),
            Map.entry("outputFormat", "override_settings.samples_format"),
            Map.entry("outputQuality", "override_settings.jpeg_quality"),
            Map.entry("hiresWidth", "hr_scale"),
            Map.entry("hiresHeight", "hr_scale"),
            Map.entry("hiresSteps", "hr_second_pass_steps"),
            Map.entry("hiresStrength", "denoising_strength"),
            Map.entry("hiresUpscaler", "hr_upscaler"),
            Map.entry("variationSeed", "subseed"),
            Map.entry("variationStrength", "subseed_strength"),
            Map.entry("image", SdParameters.IMAGES),
            Map.entry("strength", "denoising_strength"));

    /** Of the web UI, for requests that name none. */
    private static final double STRENGTH = 0.75;

    private SdSubmission() {}

    /** What a request's {@code override_settings} say. */
    static Map<String, Object> settings(Map<String, Object> values) {
        return SdParameters.ofSettings((JsonObject) values.getOrDefault(SdParameters.SETTINGS, new JsonObject()));
    }

    /**
     * Makes a submission of a request.
     *
     * @param settings of the request
     * @param card of the model
     */
    static JsonObject of(Map<String, Object> values, Map<String, Object> settings, ModelCard card) {
        checkScripts((JsonObject) values.getOrDefault("alwayson_scripts", new JsonObject()));
        String sampler = SdSamplers.id(
                (String) values.getOrDefault("sampler_name", values.get("sampler_index")),
                (String) values.get("scheduler"),
                List.of(card));
        Double variation = (Double) values.get("subseed_strength");
        return new JsonObject()
                .put("prompt", values.getOrDefault("prompt", ""))
                .put("negativePrompt", values.get("negative_prompt"))
                .put("model", card.name())
                .put("count", times((Long) values.get("batch_size"), (Long) values.get("n_iter")))
                .put("width", values.get("width"))
                .put("height", values.get("height"))
                .put("frames", 1)
                .put("steps", values.get("steps"))
                .put("guidanceScale", values.get("cfg_scale"))
                .put("sampler", sampler)
                .put("eta", takesEta(sampler, card) ? values.get("eta") : null)
                .put("promptSyntax", "a1111")
                .put("clipSkip", hasClip(card) ? clipSkip((Long) settings.get("CLIP_stop_at_last_layers")) : null)
                .put("tiling", values.get("tiling"))
                .put("sChurn", takesChurn(sampler) ? values.get("s_churn") : null)
                .put("sTmin", values.get("s_tmin"))
                .put("sTmax", Double.valueOf(0).equals(values.get("s_tmax")) ? null : values.get("s_tmax"))
                .put("sNoise", values.get("s_noise"))
                .put("seed", seed(values, "seed"))
                .put("variationSeed", variation == null || variation == 0 ? null : seed(values, "subseed"))
                .put("variationStrength", variation)
                .put("outputFormat", format((String) settings.get("samples_format")))
                .put("outputQuality", settings.get("jpeg_quality"));
    }

    /** The steps of a submission, those of its model when it names none. */
    static long steps(JsonObject submission, ModelCard card) {
        return submission.getValue("steps") instanceof Number steps
                ? steps.longValue()
                : card.defaults().steps();
    }

    /** The strength of a request, increased where it would leave none of the steps: the web UI makes one then. */
    static double strength(Map<String, Object> values, long steps) {
        double strength = (Double) values.getOrDefault("denoising_strength", STRENGTH);
        boolean leavesNone = strength >= 0 && strength < 1 && (int) (steps * strength) == 0;
        return leavesNone && steps > 0
                ? Math.min(1, Math.nextUp(1.0 / steps))
                : strength; // rounded up: no step is lost
    }

    /** Layers that are left out: 1, and 0, stand for none. */
    private static Long clipSkip(Long stop) {
        return stop == null || stop < 2 ? null : Long.valueOf(stop - 1);
    }

    /** Without CLIP, the setting has no effect: many clients send it with every request. */
    private static boolean hasClip(ModelCard card) {
        return card.able().maxClipSkip() > 0;
    }

    /** Whether A1111 heeds churn with this sampler, or null for the model's own. */
    private static boolean takesChurn(String sampler) {
        return sampler == null
                || Stream.of("euler", "heun", "kdpm2").anyMatch(sampler::startsWith) && !sampler.startsWith("euler-a");
    }

    /** Whether a sampler, or null for the model's own, has η. */
    private static boolean takesEta(String sampler, ModelCard card) {
        String id = sampler == null ? card.defaults().sampler() : sampler;
        return card.samplers().stream().anyMatch(known -> known.id().equals(id) && known.eta() != null);
    }

    /** The model that a checkpoint's title names, such as {@code folder/name.safetensors [hash]}. */
    static String model(String checkpoint) {
        return checkpoint == null || checkpoint.isBlank()
                ? null
                : checkpoint.strip().replaceFirst(" \\[[0-9a-f]+]$", "").replaceFirst("\\.(safetensors|ckpt)$", "");
    }

    private static String format(String name) {
        return name == null || name.isBlank() ? null : name.equals("jpg") ? "jpeg" : name;
    }

    /** Null for one that is drawn at random. */
    private static Object seed(Map<String, Object> values, String field) {
        Long seed = (Long) values.get(field);
        return seed == null || seed < 0 ? null : seed;
    }

    private static Long times(Long batchSize, Long batches) {
        if (batchSize == null && batches == null) {
            return null;
        }
        try {
            return Math.multiplyExact(batchSize == null ? 1 : batchSize, batches == null ? 1 : batches);
        } catch (ArithmeticException e) {
            throw new InvalidFieldException("n_iter", batches, "gives too many images with batch_size " + batchSize);
        }
    }

    private static void checkScripts(JsonObject scripts) {
        for (String name : scripts.fieldNames()) {
            Object script = scripts.getValue(name);
            Object args = script instanceof JsonObject object ? object.getValue("args") : script;
            if (!off(args)) {
                throw new InvalidFieldException(
                        "alwayson_scripts." + name, script, "is not supported; remove the script or disable it");
            }
        }
    }

    /** Returns whether a script has no arguments, or arguments that disable it. */
    private static boolean off(Object args) {
        return switch (args) {
            case null -> true;
            case JsonArray list ->
                list.isEmpty()
                        || list.getValue(0).equals(false)
                        || list.stream().allMatch(SdSubmission::disabled);
            case JsonObject object -> object.isEmpty() || disabled(object);
            default -> false;
        };
    }

    private static boolean disabled(Object arg) {
        return arg instanceof JsonObject object
                && (Boolean.FALSE.equals(object.getValue("enabled"))
                        || Boolean.FALSE.equals(object.getValue("enable"))
                        || Boolean.FALSE.equals(object.getValue("is_enabled")));
    }
}
