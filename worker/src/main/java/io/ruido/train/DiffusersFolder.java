package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.model.text.BertConfig;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Writes the parts of a model in the layout that Python's diffusers reads. */
public final class DiffusersFolder {
    public static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

    private static final String DIFFUSERS = "diffusers";
    private static final String UNET = "UNet2DConditionModel";
    private static final JsonMapper READ = new JsonMapper();
    private static final ObjectWriter JSON = READ.writerWithDefaultPrettyPrinter();

    private DiffusersFolder() {}

    /** Writes config and float16 weights of one model. */
    public static void writeModel(Path folder, String className, ObjectNode config, Map<String, NDArray> tensors)
            throws IOException {
        Files.createDirectories(folder);
        ObjectNode written = config.objectNode().put("_class_name", className);
        written.setAll(config);
        Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(written));
        SafeTensors.write(folder.resolve(WEIGHTS), tensors, DataType.FLOAT16);
    }

    /** Copies config and weights of one model as they are. */
    public static void copyModel(Path source, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String file : List.of("config.json", WEIGHTS)) {
            Files.copy(source.resolve(file), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * Copies a BERT text encoder, in float16, and its tokenizer; every caption is padded or cut to {@code tokens}, and
     * followed by its pooled state, whose values vary about as much as those of the tokens.
     */
    public static void writeText(Path folder, Path source, int tokens) throws IOException {
        Path encoder = Files.createDirectories(folder.resolve("text_encoder"));
        ObjectNode config =
                (ObjectNode) READ.readTree(source.resolve("config.json").toFile());
        config.put("use_attention_mask", true).put("_name_or_path", "sentence-transformers/all-MiniLM-L6-v2");
        config.put(
                BertConfig.POOLED_TOKEN_SCALE,
                Math.sqrt(config.path("hidden_size").asInt()));
        Files.write(encoder.resolve("config.json"), JSON.writeValueAsBytes(config));
        try (NDManager manager = Torch.newManager()) {
            Path weights = source.resolve("model.safetensors");
            Map<String, NDArray> tensors = new LinkedHashMap<>(SafeTensors.read(weights, manager, DataType.FLOAT32));
            tensors.remove("embeddings.position_ids"); // 0, 1, 2, …: of the architecture, and no float16
            SafeTensors.write(encoder.resolve("model.safetensors"), tensors, DataType.FLOAT16);
        }
        Path tokenizer = Files.createDirectories(folder.resolve("tokenizer"));
        for (String file : List.of("tokenizer.json", "vocab.txt", "special_tokens_map.json")) {
            Files.copy(source.resolve(file), tokenizer.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        ObjectNode settings = (ObjectNode)
                READ.readTree(source.resolve("tokenizer_config.json").toFile());
        settings.remove("name_or_path");
        settings.put("model_max_length", tokens);
        Files.write(tokenizer.resolve("tokenizer_config.json"), JSON.writeValueAsBytes(settings));
    }

    /** The class of a denoiser, by its config: a UNet2DConditionModel if it says nothing else. */
    public static String denoiserClass(ObjectNode config) {
        return config.path("_class_name").asText(UNET);
    }

    /** The name of a denoiser's folder in that of its model. */
    public static String denoiserPart(ObjectNode config) {
        return denoiserClass(config).equals(UNET) ? "unet" : "transformer";
    }

    /** Writes {@code model_index.json} and the scheduler's config of a model with text, autoencoder and denoiser. */
    public static void writeTextToImage(Path folder, ObjectNode denoiser, ObjectNode scheduler) throws IOException {
        boolean unet = denoiserClass(denoiser).equals(UNET);
        ObjectNode index = index(unet ? "StableDiffusionPipeline" : "PixArtAlphaPipeline");
        part(index, "vae", DIFFUSERS, "AutoencoderKL");
        part(index, "text_encoder", "transformers", "BertModel");
        part(index, "tokenizer", "transformers", "BertTokenizerFast");
        part(index, denoiserPart(denoiser), DIFFUSERS, denoiserClass(denoiser));
        if (unet) {
            part(index, "safety_checker", null, null);
            part(index, "feature_extractor", null, null);
            part(index, "image_encoder", null, null);
            index.put("requires_safety_checker", false);
        }
        write(folder, index, scheduler);
    }

    /**
     * The same of a model with text, an autoencoder of clips and a transformer: a WanPipeline with BERT's texts.
     *
     * @param fromImages whether it can be given the first frame of a clip
     */
    public static void writeTextToClip(Path folder, ObjectNode scheduler, boolean fromImages) throws IOException {
        ObjectNode index = index("WanPipeline");
        part(index, "vae", DIFFUSERS, "AutoencoderKLWan");
        part(index, "text_encoder", "transformers", "BertModel");
        part(index, "tokenizer", "transformers", "BertTokenizerFast");
        part(index, "transformer", DIFFUSERS, "WanTransformer3DModel");
        part(index, "transformer_2", null, null);
        index.putNull("boundary_ratio").put("expand_timesteps", fromImages);
        write(folder, index, scheduler);
    }

    /** Copies the autoencoder, the text encoder and the tokenizer of a model as they are. */
    public static void copyBase(Path source, Path folder) throws IOException {
        for (String part : List.of("vae", "text_encoder", "tokenizer")) {
            Path target = Files.createDirectories(folder.resolve(part));
            try (Stream<Path> files = Files.list(source.resolve(part))) {
                for (Path file : files.toList()) {
                    Files.copy(file, target.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** Writes {@code model_index.json} and the scheduler's config of a model that denoises pixels. */
    public static void writeUnconditional(Path folder, ObjectNode scheduler) throws IOException {
        ObjectNode index = index("DDIMPipeline");
        part(index, "unet", DIFFUSERS, "UNet2DModel");
        write(folder, index, scheduler);
    }

    private static ObjectNode index(String className) {
        return READ.createObjectNode().put("_class_name", className).put("_diffusers_version", "0.30.0");
    }

    private static void write(Path folder, ObjectNode index, ObjectNode scheduler) throws IOException {
        part(index, "scheduler", DIFFUSERS, scheduler.path("_class_name").asText());
        Path place = Files.createDirectories(folder.resolve("scheduler"));
        Files.write(place.resolve("scheduler_config.json"), JSON.writeValueAsBytes(scheduler));
        Files.write(folder.resolve("model_index.json"), JSON.writeValueAsBytes(index));
    }

    private static void part(ObjectNode index, String name, String library, String className) {
        index.putArray(name).add(library).add(className);
    }
}
