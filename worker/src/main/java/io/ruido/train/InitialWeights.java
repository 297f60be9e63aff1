package io.ruido.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Changes fresh weights so that training makes progress at once: residual branches start at zero (Goyal et al. 2017,
 * §5.1; Dhariwal and Nichol 2021), and the other convolutions keep the variance of their input; those next to the
 * latents set its scale and are left alone.
 */
final class InitialWeights {
    private static final Set<String> BRANCH_ENDS = Set.of("conv2", "proj_out");
    private static final Pattern ZERO = Pattern.compile(
            "conv_out\\.weight|adaln_single\\.linear\\..*|condition_embedder\\.time_proj\\..*|.*scale_shift_table"
                    + "|(transformer_)?blocks\\..*attn2\\.to_out\\.0\\..*");
    private static final float GAIN = (float) Math.sqrt(3); // PyTorch's layers start with a third of that variance
    private static final float START_LOGVAR = -4;

    private InitialWeights() {}

    static void apply(Map<String, NDArray> fresh) {
        fresh.forEach((name, tensor) -> {
            String[] path = name.split("\\.");
            if (path[path.length - 1].equals("weight") && path.length > 1) {
                if (BRANCH_ENDS.contains(path[path.length - 2])) {
                    tensor.muli(0);
                } else if (tensor.getShape().dimension() >= 4 && !name.contains("quant_conv")) {
                    tensor.muli(GAIN);
                }
            }
        });
    }

    /**
     * Applies {@link #apply}, and makes latents with little noise.
     *
     * @param channels number of channels of the latents
     */
    static void applyToAutoencoder(Map<String, NDArray> fresh, int channels) {
        apply(fresh);
        fresh.get("quant_conv.bias").set(new NDIndex("{}:", channels), START_LOGVAR);
        fresh.get("quant_conv.weight").get(new NDIndex("{}:", channels)).muli(0.1f);
    }

    /**
     * Applies {@link #apply}, and makes a model that predicts zero. A transformer's blocks do nothing at first (Peebles
     * and Xie 2023, §3.2).
     */
    static void applyToDenoiser(Map<String, NDArray> fresh) {
        apply(fresh);
        fresh.forEach((name, tensor) -> {
            if (ZERO.matcher(name).matches()) {
                tensor.muli(0);
            }
        });
    }
}
