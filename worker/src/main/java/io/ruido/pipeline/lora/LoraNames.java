package io.ruido.pipeline.lora;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names that files have for the modules of a model. */
final class LoraNames {
    private static final Map<String, List<String>> PREFIXES = Map.of(
            "unet", List.of("lora_unet_"),
            "transformer", List.of("lora_unet_", "lora_transformer_"),
            "text_encoder", List.of("lora_te_", "lora_te1_"),
            "text_encoder_2", List.of("lora_te2_"));
    private static final Pattern BLOCK =
            Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(resnets|attentions|downsamplers|upsamplers)\\.(\\d+)\\.(.+)");

    private LoraNames() {}

    /**
     * All names of one module.
     *
     * @param part name of the model's subfolder
     * @param layers residual blocks of each level of a U-Net, by which SDXL's original names count
     */
    static List<String> of(String part, String path, int layers) {
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
        Matcher block = BLOCK.matcher(path);
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
        int place = block.group(3).equals("resnets") ? 0 : 1;
        return switch (block.group(3)) {
            case "downsamplers" -> "input_blocks.%d.0.op".formatted(perLevel * (level + 1));
            case "upsamplers" -> "output_blocks.%d.2.conv".formatted(perLevel * level + layers);
            default ->
                block.group(1).equals("down")
                        ? "input_blocks.%d.%d.%s".formatted(1 + perLevel * level + index, place, inner)
                        : "output_blocks.%d.%d.%s".formatted(perLevel * level + index, place, inner);
        };
    }
}
