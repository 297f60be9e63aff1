package io.ruido.model.unet;

import io.ruido.nn.ResnetBlock;
import io.ruido.nn.attention.Transformer2D;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The structure of a U-Net's blocks. Lists have one entry for each level, from the image inwards.
 *
 * @param upTypes from the inside outwards
 * @param layers residual blocks of each level on the way down; one more on the way up
 * @param style style of the residual blocks
 * @param resnetStyle style of the residual blocks in blocks that resample with a residual block
 * @param asymmetricDown whether convolutions that halve a side add zeros at the right and at the bottom only
 * @param resnetDown whether blocks with attention among pixels halve the sides by a residual block
 * @param resnetUp whether they double them by one
 * @param headDims width of a head where pixels attend to each other
 * @param upHeadDims the same on the way up, from the inside outwards
 */
record UNetBodyConfig(
        List<Integer> widths,
        List<String> downTypes,
        Optional<Mid> mid,
        List<String> upTypes,
        List<Integer> layers,
        ResnetBlock.Style style,
        ResnetBlock.Style resnetStyle,
        boolean asymmetricDown,
        boolean resnetDown,
        boolean resnetUp,
        List<Integer> headDims,
        List<Integer> upHeadDims,
        Optional<Cross> cross) {

    /**
     * The block between the ways down and up.
     *
     * @param layers residual blocks besides the first
     * @param divisor divisor of the results of its residual blocks
     * @param attentionGroups groups of the norm of its attention among pixels, if there is one
     */
    record Mid(Kind kind, int layers, double divisor, OptionalInt attentionGroups) {
        enum Kind {
            PLAIN,
            PIXELS,
            CROSS
        }
    }

    /**
     * Attention to the conditioning.
     *
     * @param downLayers transformer blocks in each layer of each level
     * @param upLayers the same on the way up, from the inside outwards
     */
    record Cross(
            List<Transformer2D.Style> styles,
            List<List<Integer>> downLayers,
            Transformer2D.Style midStyle,
            int midLayers,
            List<List<Integer>> upLayers) {}
}
