package io.ruido.diffusion.samplers;

import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.diffusion.schedules.Sigmas.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A sampler that a job can name by id: a method and, if the method supports several, a schedule of sigmas. */
public final class SamplerName {
    private static final List<SamplerName> ALL = Arrays.stream(SamplerMethod.values())
            .flatMap(method -> method.shapes.stream().map(shape -> new SamplerName(method, shape)))
            .toList();

    public static final SamplerName DDIM = of("ddim");

    /** Schedulers of models whose denoiser gets other values than timesteps from 0 to 999. */
    private static final Set<String> APART =
            Set.of("IPNDMScheduler", "EDMEulerScheduler", "EDMDPMSolverMultistepScheduler");

    private final SamplerMethod method;
    private final Shape shape;
    private final Map<String, Object> overrides;

    private SamplerName(SamplerMethod method, Shape shape) {
        this.method = method;
        this.shape = shape;
        overrides = new HashMap<>(method.settings);
        method.shapes.stream()
                .filter(other -> other != Shape.PLAIN)
                .forEach(other -> overrides.put(other.flag(), other == shape));
    }

    public static List<SamplerName> all() {
        return ALL;
    }

    /**
     * Returns the sampler with an id.
     *
     * @throws IllegalArgumentException naming all samplers
     */
    public static SamplerName of(String id) {
        return ALL.stream()
                .filter(name -> name.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("sampler must be one of %s, was %s"
                        .formatted(
                                String.join(
                                        ", ", ALL.stream().map(SamplerName::id).toList()),
                                id)));
    }

    /** Returns the sampler of a model's own configuration. */
    public static SamplerName defaultFor(SchedulerConfig config) {
        List<SamplerName> candidates = ALL.stream()
                .filter(name -> name.method.scheduler.equals(config.className()))
                .toList();
        return candidates.stream()
                .filter(name -> config.has(name.overrides))
                .findFirst()
                .orElseGet(candidates::getFirst);
    }

    /** Returns the name in messages and URLs. */
    public String id() {
        return method.id + suffix("-", shape.name().toLowerCase(Locale.ROOT));
    }

    /** Returns the name for people. */
    public String title() {
        return method.title
                + suffix(" ", shape.name().charAt(0) + shape.name().substring(1).toLowerCase(Locale.ROOT));
    }

    private String suffix(String separator, String text) {
        return shape == Shape.PLAIN ? "" : separator + text;
    }

    /** Returns whether a model supports this sampler. */
    public boolean fits(SchedulerConfig config) {
        try {
            sampler(config);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Returns the sampler for a model. The model's default is exactly what its configuration describes; another one
     * takes over the settings that its scheduler knows, as diffusers' {@code from_config} does, and also those of flow
     * matching, which schedulers call by different names.
     *
     * @throws IllegalArgumentException naming the setting and its value, when the sampler does not support it
     */
    public Sampler sampler(SchedulerConfig config) {
        if (method == SamplerMethod.FLOW_EULER && !config.flow()) {
            throw new IllegalArgumentException("sampler %s is for models of flow matching".formatted(id()));
        }
        boolean apart = APART.contains(method.scheduler);
        if (apart != APART.contains(config.className())
                || apart && family(method.scheduler) != family(config.className())) {
            throw new IllegalArgumentException("sampler %s is for models of %s, this one is of %s"
                    .formatted(id(), method.scheduler, config.className()));
        }
        if (this == defaultFor(config)) {
            return method.create.apply(config.settings(method.scheduler));
        }
        SchedulerConfig own = config.flow() ? config.asFlow() : config;
        return method.create.apply(own.with(overrides).settings(method.scheduler));
    }

    /**
     * Returns the sampler for a model with another η.
     *
     * @param eta from 0 to 1, or empty for the sampler's own
     * @throws IllegalArgumentException when the sampler has none
     */
    public Sampler sampler(SchedulerConfig config, Optional<Double> eta) {
        if (eta.isEmpty()) {
            return sampler(config);
        }
        String setting = etaSetting()
                .orElseThrow(() ->
                        new IllegalArgumentException("sampler %s has no eta (was %s)".formatted(id(), eta.get())));
        return sampler(config.with(setting, eta.get()));
    }

    /**
     * Returns the sampler for a model with noise before steps.
     *
     * @param churn the settings of that noise, or empty for none
     * @throws IllegalArgumentException when the sampler takes none
     */
    public Sampler sampler(SchedulerConfig config, Optional<Double> eta, Map<String, Object> churn) {
        if (!churn.isEmpty() && method != SamplerMethod.EULER) {
            throw new IllegalArgumentException(
                    "sampler %s has no churn (was %s)".formatted(id(), churn.get("s_churn")));
        }
        return sampler(churn.isEmpty() ? config : config.with(churn), eta);
    }

    /** Returns the default η, or empty if the sampler has none. */
    public Optional<Double> eta(SchedulerConfig config) {
        return etaSetting().map(setting -> config.settings(method.scheduler).decimal(setting));
    }

    private Optional<String> etaSetting() {
        return switch (method) {
            case DDIM, TCD -> Optional.of("eta");
            case EULER_ANCESTRAL -> Optional.of("ancestral_eta");
            default -> Optional.empty();
        };
    }

    private static boolean family(String scheduler) {
        return scheduler.startsWith("EDM");
    }

    @Override
    public String toString() {
        return id();
    }
}
