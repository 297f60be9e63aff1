package io.ruido.bench.mixed;

import io.ruido.bench.Quantiles;
import java.util.List;

/**
 * The accuracy of the forecasts of jobs' ends.
 *
 * @param ratios expected time until the end, divided by the actual time
 */
record Forecasts(List<Double> ratios) {
    private static final double FACTOR = 2;

    double withinAFactorOfTwo() {
        return (double) ratios.stream()
                        .filter(ratio -> ratio >= 1 / FACTOR && ratio <= FACTOR)
                        .count()
                / ratios.size();
    }

    static void printHead(String title) {
        System.out.printf(
                "%n%s: expected time to the end, of the actual%n  %-22s %6s %6s %6s %6s %15s%n",
                title, "told", "times", "p5", "p50", "p95", "from 0.5 to 2");
    }

    void print(String when) {
        if (ratios.isEmpty()) {
            return;
        }
        Quantiles quantiles = Quantiles.of(ratios.stream().mapToDouble(Double::doubleValue));
        System.out.printf(
                "  %-22s %6d %6.2f %6.2f %6.2f %13.0f %%%n",
                when,
                ratios.size(),
                quantiles.at(0.05),
                quantiles.median(),
                quantiles.at(0.95),
                100 * withinAFactorOfTwo());
    }
}
