package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import io.ruido.model.wan.AutoencoderKLWanConfig;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Counts the floating-point operations of the convolutions and projections of Wan's networks, by diffusers' names. */
public final class ClipWork {
    private static final Pattern BLOCK = Pattern.compile("(encoder\\.down|decoder\\.up)_blocks\\.(\\d+)\\.(.*)");
    private static final Pattern OUTSIDE = Pattern.compile("encoder\\.conv_in\\..*|decoder\\.conv_out\\..*");
    private static final Pattern ONCE = Pattern.compile("condition_embedder\\.time_.*|.*scale_shift_table");
    private static final Pattern OF_TEXT = Pattern.compile("condition_embedder\\.text_.*|.*\\.attn2\\.to_[kv]\\..*");

    private ClipWork() {}

    /** Operations of one forward pass of the autoencoder with one clip; the backward pass has twice as many. */
    public static double autoencoder(
            Map<String, NDArray> weights, AutoencoderKLWanConfig config, int frames, int side) {
        return sum(weights, name -> places(weights, config, name, frames, side));
    }

    /** The same of the transformer. */
    public static double transformer(Map<String, NDArray> weights, int patches, int tokens) {
        return sum(
                weights,
                name -> ONCE.matcher(name).matches() ? 1 : OF_TEXT.matcher(name).matches() ? tokens : patches);
    }

    private static double sum(Map<String, NDArray> weights, ToDoubleFunction<String> places) {
        return weights.entrySet().stream()
                .filter(weight -> weight.getValue().getShape().dimension() > 1)
                .mapToDouble(weight -> 2.0 * weight.getValue().size() * places.applyAsDouble(weight.getKey()))
                .sum();
    }

    /** Returns the number of positions of a clip at which a weight is used. */
    private static double places(
            Map<String, NDArray> weights, AutoencoderKLWanConfig config, String name, int frames, int side) {
        int level = level(weights, config.dimMult().size(), name);
        long halvings = config.temporalDownsample().stream()
                .limit(level)
                .filter(halves -> halves)
                .count();
        double here = side / config.patchSize() >> level;
        return here * here * ((frames - 1 >> halvings) + 1);
    }

    /** How often the sides have been halved where a weight is used. */
    private static int level(Map<String, NDArray> weights, int depth, String name) {
        Matcher block = BLOCK.matcher(name);
        if (!block.matches()) {
            return OUTSIDE.matcher(name).matches() ? 0 : depth - 1;
        }
        int index = Integer.parseInt(block.group(2));
        boolean resamples = block.group(3).matches("(up|down)sampler.*|resample\\..*|time_conv\\..*");
        if (block.group(1).startsWith("decoder")) {
            return depth - 1 - index - (resamples ? 1 : 0);
        }
        boolean flat = weights.containsKey("encoder.down_blocks.0.conv1.weight");
        long level = flat
                ? IntStream.range(0, index)
                        .filter(i -> weights.containsKey("encoder.down_blocks.%d.resample.1.weight".formatted(i)))
                        .count()
                : index;
        return (int) level + (resamples ? 1 : 0);
    }
}
