package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import io.ruido.nn.Conv2d;
import io.ruido.nn.GroupNorm;
import io.ruido.nn.Linear;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Distinguishes real samples from generated ones at each position (Isola et al. 2017, §3.2.2), with a head on each
 * feature map. With captions, a head also scores how well a position fits the caption: the projection discriminator of
 * Miyato and Koyama 2018 (arXiv:1802.05637), of the caption's pooled state.
 *
 * <p>B batch, D width of the states.
 */
public final class Discriminator {
    /** The prefix of its tensors' names. */
    public static final String NAME = "discriminator";

    private static final int WIDTH = 32;
    private static final int GROUPS = 4;

    private final FeatureMaps features;
    private final List<Head> heads = new ArrayList<>();

    /** @param textWidth D, or 0 for a model without text */
    public Discriminator(Weights weights, FeatureMaps features, int textWidth) {
        this.features = features;
        for (int i = 0; i < features.widths().size(); i++) {
            heads.add(Head.of(weights.at("heads").at(i), features.widths().get(i), textWidth));
        }
    }

    private record Head(GroupNorm norm, Conv2d conv, GroupNorm normOut, Conv2d out, Optional<Linear> text) {
        static Head of(Weights weights, int in, int textWidth) {
            return new Head(
                    GroupNorm.of(weights.at("norm"), in, GROUPS, 1e-6),
                    Conv2d.of(weights.at("conv"), in, WIDTH, 3),
                    GroupNorm.of(weights.at("norm_out"), WIDTH, GROUPS, 1e-6),
                    Conv2d.of(weights.at("out"), WIDTH, 1, 1),
                    textWidth == 0 ? Optional.empty() : Optional.of(Linear.of(weights.at("text"), textWidth, WIDTH)));
        }

        NDArray scores(NDArray x, NDArray states) {
            NDArray h = normOut.silu(conv.forward(norm.forward(x))); // (B, W, h, w)
            NDArray score = out.forward(h); // (B, 1, h, w)
            if (text.isEmpty()) {
                return score;
            }
            NDArray wanted = text.get().forward(states.get(":, -1")).reshape(-1, WIDTH, 1, 1);
            return score.add(Ops.scale(h.mul(wanted).sum(new int[] {1}, true), 1 / Math.sqrt(WIDTH)));
        }
    }

    /**
     * Returns scores of all positions; a larger one means more real.
     *
     * @param x (B, C, H, W)
     * @param timesteps (B), how noisy x is, for features that are told
     * @param states states of the captions (B, T, D), the pooled one last; empty for a model without text
     * @return maps (B, 1, h, w), one for each resolution
     */
    public List<NDArray> scores(NDArray x, NDArray timesteps, NDArray states) {
        List<NDArray> maps = features.of(x, timesteps, states);
        List<NDArray> scores = new ArrayList<>();
        for (int i = 0; i < maps.size(); i++) {
            scores.add(heads.get(i).scores(maps.get(i), states));
        }
        return scores;
    }
}
