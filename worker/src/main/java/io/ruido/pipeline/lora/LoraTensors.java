package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.tensor.Ops;
import io.ruido.tensor.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a file of low-rank additions. Modules are named as PEFT and diffusers name them, or as kohya's trainer does, in which a
 * path's dots are underscores.
 */
final class LoraTensors {
    /** What diffusers keeps of the settings that the additions were trained with. */
    private static final String SETTINGS = "lora_adapter_metadata";

    /** PEFT puts the name of the adapter before the last part. */
    private static final Pattern MATRIX = Pattern.compile("(.+?)(?:\\.lora_([AB])|[._]lora\\.(down|up)"
            + "|\\.lora_linear_layer\\.(down|up)|\\.lora_(down|up))(?:\\.default)?\\.weight");

    private static final Pattern BIAS = Pattern.compile("(.+?)\\.lora(?:_B|\\.up|_up)(?:\\.default)?\\.bias");
    private static final Pattern MAGNITUDE =
            Pattern.compile("(.+?)\\.(?:lora_magnitude_vector(?:\\.[^.]+){0,2}|dora_scale)");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");
    private static final Set<String> PARTS =
            Set.of("unet", "transformer", "transformer_2", "text_encoder", "text_encoder_2");

    private final Path file;
    private final Map<String, LoraModule> modules = new TreeMap<>();

    private LoraTensors(Path file) {
        this.file = file;
    }

    /**
     * The additions by the names that the file has for their modules.
     *
     * @throws IllegalArgumentException naming tensors that are no low-rank additions
     */
    static Map<String, LoraModule> read(Path file, NDManager manager, DataType type) throws IOException {
        LoraTensors read = new LoraTensors(file);
        // Copies: a mapped file must not be written to, and people replace these.
        SafeTensors.read(file, manager, type).forEach((name, tensor) -> {
            try (tensor) {
                read.add(name, tensor.duplicate());
            }
        });
        read.modules.forEach((name, module) -> {
            if (module.down == null || module.up == null) {
                throw new IllegalArgumentException(
                        "%s: module %s has only one of its two matrices".formatted(file, name));
            }
        });
        return read.modules;
    }

    /** The settings of the additions, flat, such as {@code unet.lora_alpha}. */
    static JsonNode settings(Path file) throws IOException {
        String text = SafeTensors.metadata(file).getOrDefault(SETTINGS, "{}");
        return new ObjectMapper().readTree(text);
    }

    private void add(String name, NDArray tensor) {
        String plain = name.replaceFirst("^base_model\\.model\\.", "");
        Matcher matrix = MATRIX.matcher(plain);
        Matcher bias = BIAS.matcher(plain);
        Matcher magnitude = MAGNITUDE.matcher(plain);
        Matcher alpha = ALPHA.matcher(plain);
        if (matrix.matches()) {
            String side = matrix.group(2);
            for (int group = 3; side == null; group++) {
                side = matrix.group(group);
            }
            if (side.equals("A") || side.equals("down")) {
                module(matrix.group(1)).down = tensor;
            } else {
                module(matrix.group(1)).up = tensor;
            }
        } else if (bias.matches()) {
            module(bias.group(1)).bias = tensor;
        } else if (magnitude.matches()) {
            module(magnitude.group(1)).magnitude = tensor.reshape(-1);
        } else if (alpha.matches()) {
            float[] value =
                    tensor.size() == 1 ? Ops.cast(tensor, DataType.FLOAT32).toFloatArray() : new float[] {Float.NaN};
            if (!Float.isFinite(value[0])) {
                throw new IllegalArgumentException("%s: tensor %s must be one finite number".formatted(file, name));
            }
            module(alpha.group(1)).alpha = value[0];
        } else {
            throw new IllegalArgumentException("%s: tensor %s is no low-rank addition".formatted(file, name));
        }
    }

    /** Older files name the processors of attention, and leave out the part that all of them belong to. */
    private LoraModule module(String name) {
        String plain = name.replace(".processor.", ".").replaceFirst("\\.to_out$", ".to_out.0");
        boolean whole = plain.startsWith("lora_") || PARTS.contains(plain.split("\\.", 2)[0]);
        return modules.computeIfAbsent(whole ? plain : "unet." + plain, LoraModule::new);
    }
}
