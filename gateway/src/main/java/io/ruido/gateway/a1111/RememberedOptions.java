package io.ruido.gateway.a1111;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.job.JobJson;
import io.ruido.redis.TenantSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Options that change nothing here, but that clients write and expect to read again. */
public final class RememberedOptions {
    private static final String SETTING = "a1111-options";

    /** Each with its value in a web UI that was just installed. */
    private static final Map<String, Object> DEFAULTS = defaults();

    private final TenantSettings settings;

    public RememberedOptions(TenantSettings settings) {
        this.settings = settings;
    }

    private static Map<String, Object> defaults() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("send_seed", true);
        options.put("send_size", true);
        options.put("samples_save", true);
        options.put("return_grid", true);
        options.put("grid_save", true);
        options.put("filter_nsfw", false);
        options.put("face_restoration_model", "CodeFormer");
        options.put("code_former_weight", 0.5);
        options.put("live_previews_enable", true);
        options.put("show_progress_every_n_steps", 10);
        return options;
    }

    /** The options as the tenant's clients have set them. */
    CompletionStage<Map<String, Object>> of(String tenant) {
        return settings.find(tenant, SETTING).thenApply(stored -> {
            Map<String, Object> options = new LinkedHashMap<>(DEFAULTS);
            stored.map(json -> JobJson.read(json, JsonNode.class)).ifPresent(set -> set.properties()
                    .forEach(option -> options.put(option.getKey(), option.getValue())));
            return options;
        });
    }

    /** Keeps those of some options that are to be remembered. */
    CompletionStage<Void> put(String tenant, Map<String, Object> wanted) {
        return of(tenant).thenCompose(options -> {
            wanted.entrySet().stream()
                    .filter(option -> DEFAULTS.containsKey(option.getKey()) && plain(option.getValue()))
                    .forEach(option -> options.put(option.getKey(), option.getValue()));
            return settings.put(tenant, SETTING, JobJson.write(options));
        });
    }

    private static boolean plain(Object value) {
        return value instanceof String || value instanceof Number || value instanceof Boolean;
    }
}
