package io.ruido.train.recipe;

/**
 * The texts that a model is trained with.
 *
 * @param each how many captions are made from the label and the tags of an image
 * @param dropout share of the captions that are replaced by the empty one, for classifier-free guidance
 * @param tokenDropout share of the captions of which only the pooled state is kept, so that the model learns to use it
 * @param pooledNoise largest length of the noise that is added to a pooled state of length 1, so that a text whose
 *     pooled state is near to a caption's is drawn as the caption is
 */
public record Captioning(int each, double dropout, double tokenDropout, double pooledNoise) {
    public Captioning {
        new Problems()
                .within("each", each, 1, 64)
                .within("dropout", dropout, 0, 1)
                .within("tokenDropout", tokenDropout, 0, 1)
                .within("pooledNoise", pooledNoise, 0, 10)
                .reject();
    }
}
