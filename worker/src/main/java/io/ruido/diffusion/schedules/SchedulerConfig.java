package io.ruido.diffusion.schedules;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.diffusion.samplers.SamplerName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * The content of diffusers' {@code scheduler_config.json}: the noise schedule of a model and the sampler that its
 * author recommends. {@link SamplerName} creates samplers from it.
 */
public final class SchedulerConfig {
    /** The scheduler that only models of flow matching have. */
    public static final String FLOW = "FlowMatchEulerDiscreteScheduler";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // lambda_min_clipped is -Infinity
            .build();

    /** Every setting of each supported scheduler, with the default of diffusers 0.35. */
    private static final JsonNode DEFAULTS = readDefaults();

    private final ObjectNode json;
    private final Set<String> ignored = new TreeSet<>();

    private SchedulerConfig(ObjectNode json) {
        this.json = json;
        String className = json.path("_class_name").asText();
        if (!DEFAULTS.has(className)) {
            throw unsupported(
                    "_class_name",
                    String.join(
                            ", ", DEFAULTS.propertyStream().map(e -> e.getKey()).toList()));
        }
        json.properties().forEach(setting -> noteUnknown(setting.getKey(), setting.getValue()));
        for (String name :
                Set.of("sigma_min", "sigma_max")) { // diffusers heeds them in schedulers that do not have them
            if (json.hasNonNull(name) && !DEFAULTS.get(className).has(name)) {
                throw unsupported(name, "null");
            }
        }
    }

    /** diffusers leaves settings of other schedulers in the file and ignores them, as it does those that none has. */
    private void noteUnknown(String name, JsonNode value) {
        boolean off = value.isNull() || value.isBoolean() && !value.booleanValue();
        boolean known = name.startsWith("_")
                || StreamSupport.stream(DEFAULTS.spliterator(), false).anyMatch(defaults -> defaults.has(name));
        if (!off && !known) {
            ignored.add(name);
        }
    }

    /** Settings that no scheduler of diffusers has, and that change nothing. */
    public Set<String> ignored() {
        return Collections.unmodifiableSet(ignored);
    }

    private IllegalArgumentException unsupported(String name, String supported) {
        return new IllegalArgumentException(
                "scheduler_config.json: setting %s is %s; supported: %s".formatted(name, json.path(name), supported));
    }

    /**
     * @param file {@code scheduler/scheduler_config.json} of a model's folder
     * @throws IllegalArgumentException naming the setting and its value, when it is not supported
     */
    public static SchedulerConfig read(Path file) throws IOException {
        return read(file, Optional.empty());
    }

    /** @param className instead of the file's {@code _class_name} */
    public static SchedulerConfig read(Path file, Optional<String> className) throws IOException {
        JsonNode json = JSON.readTree(file.toFile());
        if (json instanceof ObjectNode object) {
            className.ifPresent(name -> object.put("_class_name", name));
        }
        return of(json);
    }

    /** @throws IllegalArgumentException naming the setting and its value, when it is not supported */
    public static SchedulerConfig of(JsonNode json) {
        if (!(json instanceof ObjectNode object)) {
            throw new IllegalArgumentException("scheduler_config.json: must be a JSON object");
        }
        return new SchedulerConfig(object);
    }

    private static JsonNode readDefaults() {
        try (InputStream in = SchedulerConfig.class.getResourceAsStream("scheduler-defaults.json")) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** diffusers' name of the scheduler, such as {@code DDIMScheduler}. */
    public String className() {
        return json.path("_class_name").textValue();
    }

    /** The forward process that the model was trained with. */
    public NoiseSchedule noiseSchedule() {
        return NoiseSchedule.of(settings(className()));
    }

    /**
     * A copy with one setting changed, for one job. Besides the settings of diffusers' schedulers there is {@code eta}
     * (DDIM's η and TCD's γ, by default 0), which diffusers' pipelines take as an argument, and {@code ancestral_eta}
     * of Euler a (1), which k-diffusion takes; and {@code s_churn}, {@code s_tmin}, {@code s_tmax} and {@code s_noise}
     * of Euler, which diffusers takes as arguments of a step.
     */
    public SchedulerConfig with(String setting, Object value) {
        return with(Map.of(setting, value));
    }

    public SchedulerConfig with(Map<String, Object> settings) {
        ObjectNode changed = json.deepCopy();
        settings.forEach((name, value) -> changed.set(name, JSON.valueToTree(value)));
        return new SchedulerConfig(changed);
    }

    /** A copy with another value of a setting, if its own scheduler has that or the file says something about it. */
    public SchedulerConfig replaced(String setting, Object value) {
        return json.has(setting) || DEFAULTS.get(className()).has(setting) ? with(setting, value) : this;
    }

    /** Whether its own scheduler has these values, or no such settings. */
    public boolean has(Map<String, Object> settings) {
        JsonNode defaults = DEFAULTS.get(className());
        return settings.entrySet().stream()
                .filter(setting -> defaults.has(setting.getKey()))
                .allMatch(setting -> JSON.valueToTree(setting.getValue())
                        .equals(
                                json.hasNonNull(setting.getKey())
                                        ? json.get(setting.getKey())
                                        : defaults.get(setting.getKey())));
    }

    /** Number of timesteps that the model was trained with. */
    public int trainSteps() {
        return settings(className()).number("num_train_timesteps", 2, 1_000_000);
    }

    /** Whether the model was trained by flow matching instead of diffusion. */
    public boolean flow() {
        return className().equals(FLOW) || json.path("use_flow_sigmas").asBoolean();
    }

    /** The same for a model of flow matching as schedulers for both kinds, and the one for this kind, say it. */
    public SchedulerConfig asFlow() {
        double shift =
                json.path(className().equals(FLOW) ? "shift" : "flow_shift").asDouble(1);
        return with(Map.of(
                "use_flow_sigmas", true, "prediction_type", "flow_prediction", "flow_shift", shift, "shift", shift));
    }

    /** Returns the settings as one of diffusers' schedulers reads them. */
    public SchedulerSettings settings(String scheduler) {
        return new SchedulerSettings(scheduler, (ObjectNode) DEFAULTS.get(scheduler), json);
    }
}
