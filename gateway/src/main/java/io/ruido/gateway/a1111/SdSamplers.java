package io.ruido.gateway.a1111;

import io.ruido.job.InvalidFieldException;
import io.ruido.job.ModelCard;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Samplers and schedules in all their spellings, and the sampler's id for both together. */
final class SdSamplers {
    /** What a schedule adds to a sampler's name; empty for that of the model. */
    static final Map<String, String> SCHEDULES = Map.of(
            "automatic",
            "",
            "uniform",
            "",
            "normal",
            "",
            "karras",
            "karras",
            "exponential",
            "exponential",
            "beta",
            "beta");

    /** A1111's own sampler where a request names only a schedule. */
    private static final String DEFAULT = "Euler";

    private SdSamplers() {}

    /** Null where neither is named. A name that no model has is left to be refused with the known ones. */
    static String id(String name, String scheduler, List<ModelCard> cards) {
        String schedule = schedule(scheduler);
        if (name == null || name.isBlank()) {
            return schedule.isEmpty() ? null : id(DEFAULT, scheduler, cards);
        }
        String wanted = key(name);
        // A1111 takes "DPM++ 2M Karras" together with the schedule "Karras".
        String whole = wanted.endsWith(schedule) ? wanted : wanted + schedule;
        return cards.stream()
                .flatMap(card -> card.samplers().stream())
                .filter(sampler -> Stream.of(sampler.id(), sampler.title())
                        .map(SdSamplers::key)
                        .anyMatch(whole::equals))
                .map(ModelCard.Sampler::id)
                .findFirst()
                .orElse(schedule.isEmpty() ? name : name + " " + scheduler);
    }

    private static String schedule(String name) {
        if (name == null || name.isBlank()) {
            return "";
        }
        String known = SCHEDULES.get(name.strip().toLowerCase(Locale.ROOT));
        if (known == null) {
            String names = SCHEDULES.keySet().stream().sorted().collect(Collectors.joining(", "));
            throw new InvalidFieldException("scheduler", name, "must be one of " + names);
        }
        return known;
    }

    /** Euler a, euler_a, k_euler_a and euler-a are the same. */
    private static String key(String name) {
        return name.strip().toLowerCase(Locale.ROOT).replaceFirst("^k_", "").replaceAll("[^a-z0-9+]", "");
    }
}
