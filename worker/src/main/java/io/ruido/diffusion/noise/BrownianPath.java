package io.ruido.diffusion.noise;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * A Brownian motion W that a seed determines everywhere, however often and in whatever order it is asked: Li et al. 2020,
 * "Scalable Gradients for Stochastic Differential Equations" (arXiv:2001.01328), algorithm 3 (the virtual Brownian tree).
 * An interval's increment is split at its middle by a Brownian bridge, down to 10⁻⁶; each node of the tree has its own
 * generator. Gives the numbers of torchsde's {@code BrownianInterval} as diffusers uses it.
 *
 * @param start less than {@code end}
 */
public record BrownianPath(long seed, double start, double end) {
    private static final int DIGITS = 6;

    public BrownianPath {
        start = rounded(start);
        end = rounded(end);
    }

    /** A part of the path, and the place of its node in the tree. */
    private record Interval(double start, double end, long node, int depth) {
        private Interval half(boolean left) {
            double middle = middle();
            return new Interval(left ? start : middle, left ? middle : end, 2 * node + (left ? 0 : 1), depth + 1);
        }

        private double middle() {
            return rounded(0.5 * (end + start));
        }
    }

    private static double rounded(double time) {
        return new BigDecimal(time).setScale(DIGITS, RoundingMode.HALF_EVEN).doubleValue();
    }

    /** W(to) − W(from), divided by √|to − from|, so that it is standard normal: {@code size} of them. */
    public float[] increment(float from, float to, int size) {
        float[] sum = new float[size];
        double least = rounded(Math.clamp(Math.min(from, to), start, end));
        double greatest = rounded(Math.clamp(Math.max(from, to), start, end));
        if (least < greatest) {
            float[] whole = normal(SeedSequence.word(seed), size);
            float deviation = (float) Math.sqrt(end - start);
            for (int i = 0; i < size; i++) {
                whole[i] *= deviation;
            }
            add(sum, new Interval(start, end, 0, 0), whole, least, greatest);
        }
        float scale = (float) Math.sqrt(Math.abs(to - from)) * Math.signum(to - from);
        for (int i = 0; i < size; i++) {
            sum[i] /= scale;
        }
        return sum;
    }

    private static float[] normal(int seed, int size) {
        return new TorchRandom(Integer.toUnsignedLong(seed)).randn(size);
    }

    /** Adds the increments of what an interval has in common with {@code from} … {@code to}. */
    private void add(float[] sum, Interval interval, float[] increment, double from, double to) {
        if (from <= interval.start() && to >= interval.end()) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += increment[i];
            }
            return;
        }
        double middle = interval.middle();
        float[] left = left(interval, middle, increment);
        if (from < middle) {
            add(sum, interval.half(true), left, from, to);
        }
        if (to > middle) {
            float[] right = new float[left.length];
            for (int i = 0; i < right.length; i++) {
                right[i] = increment[i] - left[i];
            }
            add(sum, interval.half(false), right, from, to);
        }
    }

    /** The bridge: the increment up to the middle is normal, given that of the whole interval. */
    private float[] left(Interval interval, double middle, float[] increment) {
        double before = middle - interval.start();
        double after = interval.end() - middle;
        double inverse = 1 / (interval.end() - interval.start());
        float deviation = (float) Math.sqrt(before * after * inverse);
        float[] left = normal(SeedSequence.word(seed, interval.node(), interval.depth()), increment.length);
        for (int i = 0; i < left.length; i++) {
            left[i] = (float) before * increment[i] * (float) inverse + deviation * left[i];
        }
        return left;
    }
}
