package io.ruido.train.recipe;

import java.util.List;

/**
 * A discriminator in a recipe.
 *
 * @param widths channels of the levels that it learns, each of which halves the sides; absent where it looks at a
 *     teacher's features
 * @param learningRate learning rate of its own optimizer, which is otherwise as the generator's
 * @param penalty weight of the penalty of its gradient
 * @param sigma how far from a sample the penalty looks
 */
public record AdversaryConfig(List<Integer> widths, double learningRate, double penalty, double sigma) {
    public AdversaryConfig {
        widths = widths == null ? List.of() : List.copyOf(widths);
        new Problems()
                .unless(
                        widths.stream().allMatch(width -> width > 0 && width % 4 == 0),
                        "widths",
                        "multiples of 4",
                        widths)
                .within("learningRate", learningRate, 1e-12, 1)
                .within("penalty", penalty, 0, 1000)
                .positive("sigma", sigma)
                .reject();
    }
}
