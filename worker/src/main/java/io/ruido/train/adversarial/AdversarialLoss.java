package io.ruido.train.adversarial;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import io.ruido.tensor.Ops;
import java.util.List;

/**
 * The losses of a generator and its discriminator, for every stage that has one. Real and generated samples of a batch
 * have the same captions, in the same order.
 *
 * <p>B batch, C channels, H and W sides, T states of a caption, D their width.
 *
 * @param penalty weight of the penalties of the discriminator's gradient at real and at generated samples
 * @param sigma how far from a sample the penalties look
 */
public record AdversarialLoss(Discriminator discriminator, double penalty, double sigma) {
    private static final int PARTS = 5;

    /**
     * The generator's loss; its gradient reaches the generated samples.
     *
     * @param real (B, C, H, W)
     * @param fake (B, C, H, W)
     * @param timesteps (B), how noisy both are
     * @param states states of the captions (B, T, D)
     */
    public NDArray generator(NDArray real, NDArray fake, NDArray timesteps, NDArray states) {
        return RelativisticLoss.generator(
                discriminator.scores(real, timesteps, states), discriminator.scores(fake, timesteps, states));
    }

    /**
     * The discriminator's loss. With captions, a real sample with another sample's caption also counts as generated, so
     * that the discriminator considers the captions.
     *
     * @param fake without a gradient
     * @param noise standard normal, (2B, C, H, W): for the penalties at real and at generated samples
     */
    public NDArray discriminator(NDArray real, NDArray fake, NDArray timesteps, NDArray states, NDArray noise) {
        NDArray moved = noise.mul((float) sigma);
        NDList moves = moved.split(2);
        NDArray x = NDArrays.concat(
                new NDList(real, fake, real.add(moves.get(0)), fake.add(moves.get(1)), real)); // (5B, C, H, W)
        NDArray captions = states.isEmpty() ? states : fourTimes(states).concat(next(states));
        NDArray times = timesteps.isEmpty() ? timesteps : fourTimes(timesteps).concat(timesteps);
        List<NDList> maps = discriminator.scores(x, times, captions).stream()
                .map(map -> map.split(PARTS))
                .toList();
        NDArray loss = RelativisticLoss.discriminator(part(maps, 0), part(maps, 1));
        NDArray penalties = RelativisticLoss.penalty(part(maps, 0), part(maps, 2), sigma)
                .add(RelativisticLoss.penalty(part(maps, 1), part(maps, 3), sigma));
        NDArray sum = loss.add(Ops.scale(penalties, penalty));
        return states.isEmpty() ? sum : sum.add(RelativisticLoss.discriminator(part(maps, 0), part(maps, 4)));
    }

    private static NDArray fourTimes(NDArray part) {
        return NDArrays.concat(new NDList(part, part, part, part));
    }

    private static List<NDArray> part(List<NDList> maps, int index) {
        return maps.stream().map(parts -> parts.get(index)).toList();
    }

    /** Pairs each sample with the caption of the next one. */
    private static NDArray next(NDArray states) {
        long batch = states.getShape().get(0);
        return batch == 1 ? states : states.get("1:").concat(states.get(":1"));
    }
}
