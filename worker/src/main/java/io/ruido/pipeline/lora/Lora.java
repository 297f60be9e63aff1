package io.ruido.pipeline.lora;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Patch;
import io.ruido.tensor.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Low-rank additions to a model's weights (Hu et al., 2022, §4.1): W + s·α/r·B·A, merged when the weights are read.
 * Files name their modules as PEFT and diffusers do, or as kohya's trainer does, in which a path's dots are
 * underscores.
 */
final class Lora implements AutoCloseable {
    private static final Pattern PEFT = Pattern.compile(
            "(?:base_model\\.model\\.)?(.+?)(?:\\.lora_([AB])|[._]lora\\.(down|up)|\\.lora_linear_layer\\.(down|up)|\\.lora_(down|up))(?:\\.default)?\\.weight");
    private static final Pattern ALPHA = Pattern.compile("(.+)\\.alpha");
    /** What diffusers keeps of the settings that the additions were trained with. */
    private static final String SETTINGS = "lora_adapter_metadata";

    private static final Set<String> PARTS = Set.of("unet", "transformer", "text_encoder", "text_encoder_2");
    private static final Map<String, List<String>> PREFIXES = Map.of(
            "unet", List.of("lora_unet_"),
            "transformer", List.of("lora_unet_", "lora_transformer_"),
            "text_encoder", List.of("lora_te_", "lora_te1_"),
            "text_encoder_2", List.of("lora_te2_"));

    /** A is (r, in) and B (out, r), or convolutions of these shapes. */
    private static final class Adapter {
        private NDArray a;
        private NDArray b;
        private double alpha = Double.NaN;

        /** α/r, or what the file has instead. */
        private double factor;

        /** Of A; whether its shape is that of factors at all is seen beside the weight. */
        long rank() {
            return a.getShape().dimension() == 0 ? 1 : a.getShape().get(0);
        }

        /** Whether B·A has as many elements as a weight. Small files can have factors of a product of any size. */
        boolean fits(long size) {
            return a.getShape().dimension() >= 2
                    && b.getShape().dimension() >= 2
                    && a.getShape().get(0) > 0
                    && b.size() == b.getShape().get(0) * a.getShape().get(0)
                    && b.getShape().get(0) * (a.size() / a.getShape().get(0)) == size;
        }

        NDArray delta(double scale) {
            long rank = rank();
            return b.reshape(b.getShape().get(0), rank)
                    .matMul(a.reshape(rank, -1))
                    .mul(scale * factor);
        }
    }

    private final Path file;
    private final double scale;
    private final NDManager manager;
    private final Map<String, Adapter> adapters = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    private Lora(Path file, double scale, NDManager manager) {
        this.file = file;
        this.scale = scale;
        this.manager = manager;
    }

    /** @throws IllegalArgumentException naming tensors that are no low-rank additions */
    static Lora read(LoraFile given, NDManager owner) throws IOException {
        var lora = new Lora(given.file(), given.weight(), owner.newSubManager());
        for (var tensor :
                SafeTensors.read(given.file(), lora.manager, DataType.FLOAT32).entrySet()) {
            lora.add(tensor.getKey(), tensor.getValue());
        }
        lora.adapters.forEach((module, adapter) -> {
            if (adapter.a == null || adapter.b == null) {
                throw new IllegalArgumentException(
                        "%s: module %s has only one of its two matrices".formatted(given.file(), module));
            }
        });
        lora.setFactors(
                new ObjectMapper().readTree(SafeTensors.metadata(given.file()).getOrDefault(SETTINGS, "{}")));
        return lora;
    }

    private void setFactors(JsonNode settings) {
        Map<String, Map<String, Adapter>> parts = new TreeMap<>();
        adapters.forEach((module, adapter) ->
                parts.computeIfAbsent(part(module), _ -> new TreeMap<>()).put(module, adapter));
        parts.forEach((part, modules) -> {
            List<Double> alphas = modules.values().stream()
                    .map(adapter -> adapter.alpha)
                    .filter(alpha -> !alpha.isNaN())
                    .toList();
            long first = modules.values().iterator().next().rank();
            LoraScales scales = new LoraScales(settings, part, alphas, first);
            modules.forEach((module, adapter) -> adapter.factor = scales.of(
                    module.substring(Math.min(module.length(), part.length() + 1)), adapter.alpha, adapter.rank()));
        });
    }

    /** The part of the model that a module is in, by its name in the file. */
    private static String part(String module) {
        return PREFIXES.entrySet().stream()
                .filter(part -> part.getValue().stream().anyMatch(module::startsWith))
                .map(Map.Entry::getKey)
                .sorted(Comparator.reverseOrder())
                .findFirst()
                .orElseGet(() -> module.split("\\.", 2)[0]);
    }

    private void add(String name, NDArray tensor) {
        Matcher matrix = PEFT.matcher(name);
        Matcher alpha = ALPHA.matcher(name);
        if (matrix.matches()) {
            Adapter adapter = adapters.computeIfAbsent(module(matrix.group(1)), module -> new Adapter());
            String side = matrix.group(2);
            for (int group = 3; side == null; group++) {
                side = matrix.group(group);
            }
            if (side.equals("A") || side.equals("down")) {
                adapter.a = tensor;
            } else {
                adapter.b = tensor;
            }
        } else if (alpha.matches()) {
            float[] value = tensor.size() == 1 ? tensor.toFloatArray() : new float[] {Float.NaN};
            if (!Float.isFinite(value[0])) {
                throw new IllegalArgumentException("%s: tensor %s must be one finite number".formatted(file, name));
            }
            adapters.computeIfAbsent(module(alpha.group(1)), module -> new Adapter()).alpha = value[0];
        } else {
            throw new IllegalArgumentException("%s: tensor %s is not a LoRA weight".formatted(file, name));
        }
    }

    /** Older files name the processors of attention, and leave out the part that all of them belong to. */
    private static String module(String name) {
        String plain = name.replace(".processor.", ".").replaceFirst("\\.to_out$", ".to_out.0");
        return plain.startsWith("lora_") || PARTS.contains(plain.split("\\.", 2)[0]) ? plain : "unet." + plain;
    }

    /**
     * What is added to one part's weights.
     *
     * @param part name of its subfolder
     * @param layers residual blocks of each level of a U-Net, by which SDXL's original names count
     */
    Patch patch(String part, int layers) {
        return (name, tensor) -> {
            if (!name.endsWith(".weight")) {
                return tensor;
            }
            for (String module : modules(part, name.substring(0, name.length() - ".weight".length()), layers)) {
                Adapter adapter = adapters.get(module);
                if (adapter != null) {
                    used.add(module);
                    return merged(module, tensor, adapter);
                }
            }
            return tensor;
        };
    }

    private NDArray merged(String module, NDArray tensor, Adapter adapter) {
        if (!adapter.fits(tensor.size())) {
            throw new IllegalArgumentException("%s: module %s has matrices of shapes %s and %s, its weight is of %s"
                    .formatted(file, module, adapter.b.getShape(), adapter.a.getShape(), tensor.getShape()));
        }
        try (NDArray delta = adapter.delta(scale)) {
            NDArray sum = Ops.cast(tensor, DataType.FLOAT32)
                    .add(delta.toDevice(tensor.getDevice(), false).reshape(tensor.getShape()));
            NDArray result = Ops.cast(sum, tensor.getDataType());
            result.attach(tensor.getManager());
            tensor.close();
            return result;
        }
    }

    /** The names that a module can have in files. */
    private static List<String> modules(String part, String path, int layers) {
        List<String> names = new ArrayList<>(List.of(part + "." + path));
        for (String prefix : PREFIXES.getOrDefault(part, List.of())) {
            names.add(prefix + path.replace('.', '_'));
            if (part.equals("unet")) {
                names.add(prefix + original(path, layers).replace('.', '_'));
            }
        }
        return names;
    }

    /** A U-Net's path as the original code of Stable Diffusion numbers its blocks. */
    private static String original(String path, int layers) {
        Matcher block = Pattern.compile(
                        "(down|up)_blocks\\.(\\d+)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.+)")
                .matcher(path);
        if (!block.matches()) {
            return path.replace("mid_block.attentions.0.", "middle_block.1.")
                    .replace("mid_block.resnets.0.", "middle_block.0.")
                    .replace("mid_block.resnets.1.", "middle_block.2.");
        }
        int level = Integer.parseInt(block.group(2));
        int index = Integer.parseInt(block.group(4));
        String inner = block.group(5)
                .replace("conv1", "in_layers.2")
                .replace("conv2", "out_layers.3")
                .replace("time_emb_proj", "emb_layers.1")
                .replace("conv_shortcut", "skip_connection");
        int perLevel = layers + 1;
        return switch (block.group(3)) {
            case "downsamplers" -> "input_blocks.%d.0.op".formatted(perLevel * (level + 1));
            case "upsamplers" -> "output_blocks.%d.2.conv".formatted(perLevel * level + layers);
            default ->
                block.group(1).equals("down")
                        ? "input_blocks.%d.%d.%s"
                                .formatted(
                                        1 + perLevel * level + index,
                                        block.group(3).equals("resnets") ? 0 : 1,
                                        inner)
                        : "output_blocks.%d.%d.%s"
                                .formatted(
                                        perLevel * level + index, block.group(3).equals("resnets") ? 0 : 1, inner);
        };
    }

    /** @throws IllegalArgumentException naming modules that no part of the model has */
    void rejectUnused() {
        Set<String> left = new TreeSet<>(adapters.keySet());
        left.removeAll(used);
        if (!left.isEmpty()) {
            throw new IllegalArgumentException("%s: the model has no place for %d modules, such as %s"
                    .formatted(file, left.size(), left.iterator().next()));
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
