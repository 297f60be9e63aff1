package io.ruido.job;

import io.ruido.job.prompting.ExtraNetworks;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The parameters of an image as text, in the format of AUTOMATIC1111's web UI that gallery tools read. */
public final class Infotext {
    private Infotext() {}

    /** Returns the parameters of one of a job's images. */
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
        addPrompting(settings, job, params);
        return of(job.prompt(), job.negativePrompt(), settings);
    }

    private static void addPrompting(Map<String, Object> settings, Job job, SamplingParams params) {
        Prompting prompting = params.prompting();
        if (prompting.clipSkip() > 0) {
            settings.put("Clip skip", prompting.clipSkip() + 1); // AUTOMATIC1111 counts from 1, the last layer
        }
        boolean tags = prompting.syntax() == PromptSyntax.A1111;
        List<LoraUse> inPrompt = tags ? ExtraNetworks.in(job.prompt()) : List.of();
        String beside = prompting.loras().stream()
                .filter(lora -> !inPrompt.contains(lora))
                .map(lora -> lora.name() + ":" + lora.weight())
                .collect(Collectors.joining(", "));
        if (!beside.isEmpty()) {
            settings.put("Loras", '"' + beside + '"');
        }
        Churn churn = params.churn();
        if (churn.churn() > 0) {
            settings.put("Sigma churn", churn.churn());
            settings.put("Sigma tmin", churn.tmin());
            settings.put("Sigma tmax", churn.tmax() == null ? "inf" : churn.tmax());
            settings.put("Sigma noise", churn.noise());
        }
        if (params.tiling()) {
            settings.put("Tiling", "True");
        }
    }

    /** @param settings values by their usual names, in order */
    public static String of(String prompt, String negativePrompt, Map<String, ?> settings) {
        return settings.entrySet().stream()
                .map(setting -> setting.getKey() + ": " + setting.getValue())
                .collect(Collectors.joining(", ", prompt + "\nNegative prompt: " + negativePrompt + "\n", ""));
    }
}
