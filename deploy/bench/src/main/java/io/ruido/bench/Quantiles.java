package io.ruido.bench;

import java.util.stream.DoubleStream;
import org.HdrHistogram.DoubleHistogram;

/** Quantiles of measured values, to four significant digits. */
public final class Quantiles {
    private static final int SIGNIFICANT_DIGITS = 4;

    private final DoubleHistogram values;

    private Quantiles(DoubleHistogram values) {
        this.values = values;
    }

    /** @throws IllegalArgumentException when there is no value */
    public static Quantiles of(DoubleStream values) {
        DoubleHistogram histogram = new DoubleHistogram(SIGNIFICANT_DIGITS);
        values.forEach(histogram::recordValue);
        if (histogram.getTotalCount() == 0) {
            throw new IllegalArgumentException("values: there must be at least one");
        }
        return new Quantiles(histogram);
    }

    /** @param fraction fraction of the values that are not above, from 0 for the minimum to 1 for the maximum */
    public double at(double fraction) {
        return values.getValueAtPercentile(100 * fraction);
    }

    public double median() {
        return at(0.5);
    }
}
