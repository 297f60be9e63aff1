package io.ruido.tensor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the safetensors files of a network in a folder as diffusers and transformers write it: one file, or the shards
 * that an index names, or those of a variant such as fp16.
 */
final class WeightFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of a file or of the index of its shards. */
    private static final Pattern VARIANT = Pattern.compile(
            "(?:diffusion_pytorch_model|model)(?:\\.(?!.*-\\d{5}-of-\\d{5})([\\w-]+)\\.safetensors(?:\\.index\\.json)?|\\.safetensors\\.index\\.([\\w-]+)\\.json)");

    private static final String PREFERRED_VARIANT = "fp16";
    private static final List<String> STEMS = List.of("diffusion_pytorch_model", "model");

    private WeightFiles() {}

    /**
     * The files of a network's folder.
     *
     * @throws IOException naming what the folder contains instead
     */
    static Iterable<Path> of(Path folder) throws IOException {
        for (String stem : STEMS) {
            Path whole = folder.resolve(stem + ".safetensors");
            if (Files.exists(whole)) {
                return List.of(whole);
            }
            Path index = folder.resolve(stem + ".safetensors.index.json");
            if (Files.exists(index)) {
                return shards(index);
            }
        }
        return variant(folder);
    }

    /** The files of a variant, such as fp16, where there are no others. */
    private static Iterable<Path> variant(Path folder) throws IOException {
        Map<String, Path> variants = new TreeMap<>();
        boolean pickled = false;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Matcher name = VARIANT.matcher(file.getFileName().toString());
                if (name.matches()) {
                    variants.put(name.group(1) == null ? name.group(2) : name.group(1), file);
                }
                pickled |= file.getFileName().toString().matches(".*\\.(bin|pt|pth|ckpt)");
            }
        }
        if (variants.size() > 1 && !variants.containsKey(PREFERRED_VARIANT)) {
            throw new IOException("%s has the variants %s; keep one of them, or rename one to %s.safetensors"
                    .formatted(folder, String.join(", ", variants.keySet()), STEMS.getFirst()));
        }
        if (!variants.isEmpty()) {
            Path file = variants.getOrDefault(
                    PREFERRED_VARIANT, variants.values().iterator().next());
            return file.toString().endsWith(".json") ? shards(file) : List.of(file);
        }
        throw new IOException("no diffusion_pytorch_model.safetensors or model.safetensors in " + folder
                + (pickled
                        ? ", only files of pickled Python, which are not read; convert them in Python:"
                                + " DiffusionPipeline.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True)"
                        : ""));
    }

    private static Iterable<Path> shards(Path index) throws IOException {
        var shards = new TreeSet<Path>();
        for (JsonNode file : JSON.readTree(index.toFile()).path("weight_map")) {
            Path shard = index.resolveSibling(file.asText()).normalize();
            if (!index.getParent().normalize().equals(shard.getParent()) || !Files.exists(shard)) {
                throw new IOException(
                        "%s names the shard %s, which is not in the same folder".formatted(index, file.asText()));
            }
            shards.add(shard);
        }
        return shards;
    }
}
