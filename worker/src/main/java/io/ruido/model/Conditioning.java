package io.ruido.model;

import ai.djl.ndarray.NDArray;
import io.ruido.tensor.Ops;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * The conditioning of a denoiser: its inputs in addition to the noisy latents and the timestep. A part that it does not
 * need is empty, {@link Ops#none()}.
 *
 * <p>B batch, T tokens, D their width.
 *
 * @param states states of a text (B, T, D)
 * @param mask mask of the states (B, T): 1 for tokens, 0 for padding
 * @param pooled state of the whole text (B, P)
 * @param sizes numbers about the image's size (B, S)
 * @param labels labels of a class (B), type int64, or whatever else stands for one (B, P)
 * @param guidance that a distilled model has learned, embedded (B, G)
 * @param firstFrameClean 1 for each clip whose first latent frame has no noise, else 0 (B)
 * @param image states of an image (B, P, D′)
 */
public record Conditioning(
        NDArray states,
        NDArray mask,
        NDArray pooled,
        NDArray sizes,
        NDArray labels,
        NDArray guidance,
        NDArray firstFrameClean,
        NDArray image) {

    public static Conditioning none() {
        NDArray none = Ops.none();
        return new Conditioning(none, none, none, none, none, none, none, none);
    }

    public static Conditioning ofStates(NDArray states) {
        return none().withStates(states);
    }

    public Conditioning withStates(NDArray newStates) {
        return new Conditioning(newStates, mask, pooled, sizes, labels, guidance, firstFrameClean, image);
    }

    public Conditioning withMask(NDArray newMask) {
        return new Conditioning(states, newMask, pooled, sizes, labels, guidance, firstFrameClean, image);
    }

    public Conditioning withPooled(NDArray newPooled) {
        return new Conditioning(states, mask, newPooled, sizes, labels, guidance, firstFrameClean, image);
    }

    public Conditioning withSizes(NDArray newSizes) {
        return new Conditioning(states, mask, pooled, newSizes, labels, guidance, firstFrameClean, image);
    }

    public Conditioning withLabels(NDArray newLabels) {
        return new Conditioning(states, mask, pooled, sizes, newLabels, guidance, firstFrameClean, image);
    }

    public Conditioning withGuidance(NDArray newGuidance) {
        return new Conditioning(states, mask, pooled, sizes, labels, newGuidance, firstFrameClean, image);
    }

    public Conditioning withFirstFrameClean(NDArray newFirstFrameClean) {
        return new Conditioning(states, mask, pooled, sizes, labels, guidance, newFirstFrameClean, image);
    }

    public Conditioning withImage(NDArray newImage) {
        return new Conditioning(states, mask, pooled, sizes, labels, guidance, firstFrameClean, newImage);
    }

    /** The conditions of these samples and those of others, in this order. */
    public Conditioning concat(Conditioning others) {
        return combine(others, NDArray::concat);
    }

    /** Applies a function to each part that is there. */
    public Conditioning map(UnaryOperator<NDArray> function) {
        return combine(this, (part, same) -> function.apply(part));
    }

    private Conditioning combine(Conditioning other, BinaryOperator<NDArray> function) {
        BinaryOperator<NDArray> unlessEmpty = (a, b) -> a.isEmpty() ? a : function.apply(a, b);
        return new Conditioning(
                unlessEmpty.apply(states, other.states),
                unlessEmpty.apply(mask, other.mask),
                unlessEmpty.apply(pooled, other.pooled),
                unlessEmpty.apply(sizes, other.sizes),
                unlessEmpty.apply(labels, other.labels),
                unlessEmpty.apply(guidance, other.guidance),
                unlessEmpty.apply(firstFrameClean, other.firstFrameClean),
                unlessEmpty.apply(image, other.image));
    }
}
