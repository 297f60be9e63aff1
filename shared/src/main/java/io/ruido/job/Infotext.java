package io.ruido.job;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** How an image was made, in the form that AUTOMATIC1111's web UI introduced and gallery tools read. */
public final class Infotext {
    private Infotext() {}

    /** The parameters of one of a job's images. */
    public static String of(Job job, int index) {
        SamplingParams params = job.params().ofImage(index);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("Steps", params.steps());
        settings.put("Sampler", params.sampler());
        settings.put("CFG scale", params.guidanceScale());
        settings.put("Seed", params.seed());
        settings.put("Size", params.width() + "x" + params.height());
        if (params.geometry().isClip()) {
            settings.put("Frames", params.geometry().frames());
        }
        if (params.output().fps() != null) {
            settings.put("FPS", params.output().fps());
        }
        settings.put("Model", params.model());
        if (params.eta() != null) {
            settings.put("Eta", params.eta());
        }
        if (params.variation() != null) {
            settings.put("Variation seed", params.variation().seed());
            settings.put("Variation seed strength", params.variation().strength());
        }
        if (params.source() != null) {
            settings.put("Denoising strength", params.source().strength());
        }
        if (job.hires() != null) {
            Hires hires = job.hires();
            settings.put("Denoising strength", hires.strength());
            settings.put("Hires resize", hires.width() + "x" + hires.height());
            settings.put("Hires steps", hires.steps());
            settings.put("Hires upscaler", hires.upscaler().label());
        }
        return of(job.prompt(), job.negativePrompt(), settings);
    }

    /** @param settings by the names that are usual, in their order */
    public static String of(String prompt, String negativePrompt, Map<String, ?> settings) {
        return settings.entrySet().stream()
                .map(setting -> setting.getKey() + ": " + setting.getValue())
                .collect(Collectors.joining(", ", prompt + "\nNegative prompt: " + negativePrompt + "\n", ""));
    }
}
