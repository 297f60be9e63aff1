package io.ruido.standalone.generate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.job.JobJson;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Options of a job. Absent options have the model's defaults. */
public final class Submission {
    @Parameters(paramLabel = "PROMPT", description = "What the image or clip shows.")
    private String prompt;

    @Option(names = "--model", paramLabel = "NAME", description = "One of the server's models.")
    private String model;

    @Option(names = "--count", paramLabel = "N", description = "Number of images, each with the next seed.")
    private Integer count;

    @Option(
            names = "--prompt-syntax",
            paramLabel = "SYNTAX",
            description = "plain, or a1111 for emphasis, editing and LoRAs in prompts; plain by default.")
    private String promptSyntax;

    @Option(names = "--lora", paramLabel = "NAME[:WEIGHT]", description = "One of the server's LoRAs; can be repeated.")
    private List<String> loras = List.of();

    @Option(names = "--tiling", description = "Makes images that have no seam when they are laid side by side.")
    private boolean tiling;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed and settings give the same image.")
    private Long seed;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private SourceOptions start;

    /** Width and height in pixels. */
    public record Size(int width, int height) {
        public static Size parse(String text) {
            Matcher numbers = Pattern.compile("(\\d{1,5})(?:x(\\d{1,5}))?").matcher(text);
            if (!numbers.matches()) {
                throw new TypeConversionException("must be a size such as 128x96, or 128 for a square, was " + text);
            }
            int width = Integer.parseInt(numbers.group(1));
            return new Size(width, numbers.group(2) == null ? width : Integer.parseInt(numbers.group(2)));
        }
    }

    private static ObjectNode lora(String text) {
        Matcher weighted = Pattern.compile("(.+):([-+]?[.\\d]+)").matcher(text);
        ObjectNode lora = JobJson.MAPPER.createObjectNode().put("name", weighted.matches() ? weighted.group(1) : text);
        return weighted.matches() ? lora.put("weight", Double.parseDouble(weighted.group(2))) : lora;
    }

    /** Uploads the images and returns the body of {@code POST /v1/jobs}. */
    ObjectNode toJson(GatewayClient client) throws IOException {
        ObjectNode json = JobJson.MAPPER.createObjectNode().put("prompt", prompt);
        json.put("negativePrompt", sampling.negativePrompt);
        json.put("model", model);
        json.put("count", count);
        json.put("frames", sampling.frames);
        json.put("seconds", sampling.seconds);
        json.put("fps", sampling.fps);
        json.put("steps", sampling.steps);
        json.put("guidanceScale", sampling.guidance);
        json.put("sampler", sampling.sampler);
        json.put("eta", sampling.eta);
        json.put("promptSyntax", promptSyntax);
        json.put("clipSkip", sampling.clipSkip);
        json.put("tiling", tiling ? true : null);
        if (!loras.isEmpty()) {
            ArrayNode named = json.putArray("loras");
            loras.forEach(lora -> named.add(lora(lora)));
        }
        json.put("seed", seed);
        json.put("strength", start.strength().orElse(null));
        json.put("variationSeed", start.variationSeed().orElse(null));
        json.put("variationStrength", start.variationStrength().orElse(null));
        if (start.image().isPresent()) {
            json.put("image", client.upload(start.image().get()));
        }
        if (start.mask().isPresent()) {
            json.put("mask", client.upload(start.mask().get()));
        }
        if (sampling.size != null) {
            json.put("width", sampling.size.width()).put("height", sampling.size.height());
        }
        json.properties().removeIf(field -> field.getValue().isNull());
        return json;
    }
}
