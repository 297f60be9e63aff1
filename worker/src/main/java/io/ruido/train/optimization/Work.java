package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the floating-point operations of a model's convolutions and projections, and measures how many the processor
 * can do per second. Their ratio is the utilization of the processor.
 */
public final class Work {
    private static final Pattern BLOCK = Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(\\w+)");
    private static final Pattern NARROW =
            Pattern.compile("mid_block\\..*|encoder\\.conv_out\\..*|decoder\\.conv_in\\..*|(post_)?quant_conv\\..*");
    private static final Pattern ONCE =
            Pattern.compile(".*(_embedding|time_emb_proj|adaln_single|timestep_embedder)\\..*");
    private static final Pattern OF_TEXT = Pattern.compile("(.*\\.attn2\\.to_[kv]|caption_projection)\\..*");
    private static final int SIDE = 512;
    private static final int TRIES = 10;

    private Work() {}

    /**
     * Operations of one forward pass with one sample; backward, there are twice as many.
     *
     * @param weights weights of a U-Net, a transformer or an autoencoder, with diffusers' names
     * @param side side of the model's input
     * @param tokens number of tokens of the text
     */
    public static double forward(Map<String, NDArray> weights, int side, int tokens) {
        int depth = weights.keySet().stream()
                .map(BLOCK::matcher)
                .filter(Matcher::find)
                .mapToInt(block -> Integer.parseInt(block.group(2)) + 1)
                .max()
                .orElse(1);
        NDArray patches = weights.get("pos_embed.proj.weight"); // of a transformer: (D, C, p, p)
        int places = patches == null ? side : side / (int) patches.getShape().get(2);
        double operations = 0;
        for (var weight : weights.entrySet()) {
            if (weight.getValue().getShape().dimension() > 1) {
                operations += 2.0 * weight.getValue().size() * places(weight.getKey(), depth, places, tokens);
            }
        }
        return operations;
    }

    /** Returns the number of positions at which a weight is used. */
    private static int places(String name, int depth, int side, int tokens) {
        if (ONCE.matcher(name).matches()) {
            return 1;
        }
        if (OF_TEXT.matcher(name).matches()) {
            return tokens;
        }
        int here = side >> level(name, depth);
        return here * here;
    }

    /** How often the sides have been halved where a weight is used. */
    private static int level(String name, int depth) {
        Matcher block = BLOCK.matcher(name);
        if (!block.find()) {
            return NARROW.matcher(name).find() ? depth - 1 : 0;
        }
        int index = Integer.parseInt(block.group(2));
        return switch (block.group(3)) {
            case "downsamplers" -> index + 1;
            case "upsamplers" -> depth - 2 - index;
            default -> block.group(1).equals("down") ? index : depth - 1 - index;
        };
    }

    /** Operations a second of large matrix products: the fastest of a few. */
    public static double peak(DataType type) {
        double seconds = Double.MAX_VALUE;
        try (NDManager manager = Torch.newManager()) {
            NDArray a = Ops.cast(manager.ones(new Shape(SIDE, SIDE)), type);
            for (int i = 0; i < TRIES; i++) {
                long begun = System.nanoTime();
                a.matMul(a).close();
                seconds = Math.min(seconds, (System.nanoTime() - begun) / 1e9);
            }
        }
        return 2.0 * SIDE * SIDE * SIDE / seconds;
    }
}
