package io.ruido.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.pipeline.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;

/**
 * The samples of one rung of a ladder.
 *
 * @param labels one image for each label
 * @param prompts for each prompt, images with several seeds
 */
record RungSamples(List<RgbImage> labels, List<List<RgbImage>> prompts) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REQUEST = "request.json";

    /**
     * The request for a rung's samples. Stored samples are reused only for an equal request.
     *
     * @param labels texts to draw once
     * @param prompts texts to draw with several seeds
     */
    record Request(LadderConfig.Rung rung, long seed, List<String> labels, List<String> prompts, int seeds) {
        /** The rung's own folder in that of the ladder. */
        Path folder(Path out) {
            return out.resolve("rungs")
                    .resolve(rung.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"));
        }

        String toJson() {
            ObjectNode json = JSON.createObjectNode();
            json.put("model", rung.model().toString())
                    .put("sampler", rung.sampler())
                    .put("steps", rung.steps())
                    .put("guidance", rung.guidance())
                    .put("seed", seed)
                    .put("seeds", seeds);
            json.set("labels", JSON.valueToTree(labels));
            json.set("prompts", JSON.valueToTree(prompts));
            return json.toPrettyString();
        }
    }

    /** Draws what is asked for. */
    static RungSamples draw(PromptSampler promptSampler, Request request) {
        PromptSampler.Sampling sampling = request.rung().sampling(request.seed());
        List<RgbImage> labels =
                promptSampler.draw(request.labels(), sampling, _ -> {}).images();
        List<List<RgbImage>> prompts = request.prompts().stream()
                .map(prompt -> promptSampler.vary(prompt, request.seeds(), sampling))
                .toList();
        return new RungSamples(labels, prompts);
    }

    /** The samples that an earlier run kept in a folder, if they are of an equal request and complete. */
    static Optional<RungSamples> read(Path folder, Request request) throws IOException {
        Path file = folder.resolve(REQUEST);
        if (Files.notExists(file) || !Files.readString(file).equals(request.toJson())) {
            return Optional.empty();
        }
        List<RgbImage> labels = new ArrayList<>();
        for (int i = 0; i < request.labels().size(); i++) {
            labels.add(readImage(label(folder, i)));
        }
        List<List<RgbImage>> prompts = new ArrayList<>();
        for (int i = 0; i < request.prompts().size(); i++) {
            List<RgbImage> varied = new ArrayList<>();
            for (int j = 0; j < request.seeds(); j++) {
                varied.add(readImage(prompt(folder, i, j)));
            }
            prompts.add(varied);
        }
        return Optional.of(new RungSamples(labels, prompts));
    }

    /** Keeps the samples in a folder; the request is written last and says that they are complete. */
    void write(Path folder, Request request) throws IOException {
        Files.createDirectories(folder);
        Files.deleteIfExists(folder.resolve(REQUEST));
        for (int i = 0; i < labels.size(); i++) {
            write(labels.get(i), label(folder, i));
        }
        for (int i = 0; i < prompts.size(); i++) {
            for (int j = 0; j < prompts.get(i).size(); j++) {
                write(prompts.get(i).get(j), prompt(folder, i, j));
            }
        }
        Files.writeString(folder.resolve(REQUEST), request.toJson());
    }

    private static Path label(Path folder, int index) {
        return folder.resolve("label-%03d.png".formatted(index));
    }

    private static Path prompt(Path folder, int index, int seed) {
        return folder.resolve("prompt-%02d-%03d.png".formatted(index, seed));
    }

    private static RgbImage readImage(Path file) throws IOException {
        return RgbImage.of(ImageIO.read(file.toFile()));
    }

    private static void write(RgbImage image, Path file) throws IOException {
        ImageIO.write(image.toBufferedImage(), "png", file.toFile());
    }
}
