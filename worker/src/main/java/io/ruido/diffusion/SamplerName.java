package io.ruido.diffusion;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The samplers that a job can ask for by id. */
public enum SamplerName {
    DDIM("ddim", "DDIM", "DDIMScheduler", Ddim::new, Map.of()),
    EULER("euler", "Euler", "EulerDiscreteScheduler", Euler::new, Overrides.PLAIN),
    EULER_KARRAS("euler-karras", "Euler Karras", "EulerDiscreteScheduler", Euler::new, Overrides.KARRAS),
    DPMPP_2M("dpm++-2m", "DPM++ 2M", "DPMSolverMultistepScheduler", DpmMultistep::new, Overrides.DATA),
    DPMPP_2M_KARRAS(
            "dpm++-2m-karras",
            "DPM++ 2M Karras",
            "DPMSolverMultistepScheduler",
            DpmMultistep::new,
            Overrides.DATA_KARRAS);

    private static final class Overrides {
        static final Map<String, Object> PLAIN = shape(false);
        static final Map<String, Object> KARRAS = shape(true);
        static final Map<String, Object> DATA = algorithm(DpmAlgorithm.DATA, false);
        static final Map<String, Object> DATA_KARRAS = algorithm(DpmAlgorithm.DATA, true);

        private static Map<String, Object> shape(boolean karras) {
            return Map.of(
                    "use_karras_sigmas",
                    karras,
                    "use_exponential_sigmas",
                    false,
                    "use_beta_sigmas",
                    false,
                    "use_lu_lambdas",
                    false);
        }

        private static Map<String, Object> algorithm(DpmAlgorithm algorithm, boolean karras) {
            Map<String, Object> overrides = new HashMap<>(shape(karras));
            overrides.put("algorithm_type", algorithm.toString());
            return Map.copyOf(overrides);
        }
    }

    private final String id;
    private final String title;
    private final String scheduler;
    private final Function<Settings, Sampler> create;
    private final Map<String, Object> overrides;

    SamplerName(
            String id,
            String title,
            String scheduler,
            Function<Settings, Sampler> create,
            Map<String, Object> overrides) {
        this.id = id;
        this.title = title;
        this.scheduler = scheduler;
        this.create = create;
        this.overrides = overrides;
    }

    /** @throws IllegalArgumentException naming the samplers that there are */
    public static SamplerName of(String id) {
        return Arrays.stream(values())
                .filter(name -> name.id.equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("sampler must be one of %s, was %s"
                        .formatted(
                                String.join(
                                        ", ",
                                        Arrays.stream(values())
                                                .map(SamplerName::id)
                                                .toList()),
                                id)));
    }

    /** What a model's own configuration describes. */
    public static SamplerName defaultFor(SchedulerConfig config) {
        List<SamplerName> candidates = Arrays.stream(values())
                .filter(name -> name.scheduler.equals(config.className()))
                .toList();
        return candidates.stream()
                .filter(name -> config.has(name.overrides))
                .findFirst()
                .orElseGet(candidates::getFirst);
    }

    /** As messages and URLs have it. */
    public String id() {
        return id;
    }

    /** As people know it. */
    public String title() {
        return title;
    }

    /**
     * The sampler for a model. The model's default is exactly what its configuration describes; another one takes over
     * the settings that its scheduler knows, as diffusers' {@code from_config} does.
     *
     * @throws IllegalArgumentException naming the setting and its value, when the sampler does not support it
     */
    public Sampler sampler(SchedulerConfig config) {
        SchedulerConfig own = this == defaultFor(config) ? config : config.with(overrides);
        return create.apply(own.settings(scheduler));
    }
}
