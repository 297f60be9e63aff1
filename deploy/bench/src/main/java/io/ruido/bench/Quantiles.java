package io.ruido.bench;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** Measured values in order: the median tells what is usual, the others how far it can be trusted. */
public final class Quantiles {
    private final double[] ascending;

    private Quantiles(double[] ascending) {
        this.ascending = ascending;
    }

    /** @throws IllegalArgumentException when there is no value */
    public static Quantiles of(DoubleStream values) {
        double[] ascending = values.sorted().toArray();
        if (ascending.length == 0) {
            throw new IllegalArgumentException("values: there must be at least one");
        }
        return new Quantiles(ascending);
    }

    /**
     * Linear between the two values that are nearest (definition 7 of Hyndman and Fan 1996).
     *
     * @param fraction of the values that are below, from 0 for the least to 1 for the greatest
     */
    public double at(double fraction) {
        double place = fraction * (ascending.length - 1);
        double below = ascending[(int) Math.floor(place)];
        double above = ascending[(int) Math.ceil(place)];
        return below + (place - Math.floor(place)) * (above - below);
    }

    public double median() {
        return at(0.5);
    }

    @Override
    public String toString() {
        return Arrays.toString(ascending);
    }
}
