package io.ruido.diffusion.noise;

import java.nio.ByteBuffer;

/**
 * Draws what {@code torch.Generator("cpu").manual_seed(seed)} with {@code torch.randn} draws, so that a seed gives the
 * image that it gives in Python: a Mersenne Twister (Matsumoto and Nishimura 1998, MT19937) and the Box-Muller transform
 * as ATen's {@code DistributionTemplates.h} arranges it. Not safe for use by several threads at once.
 */
public final class TorchRandom {
    /** Formats that noise can be drawn in: each has its own number of random bits, and rounds every operation. */
    public enum Precision {
        FLOAT32(24),
        FLOAT16(11),
        BFLOAT16(8);

        private final int digits;

        Precision(int digits) {
            this.digits = digits;
        }

        private float round(double value) {
            float single = (float) value;
            return switch (this) {
                case FLOAT32 -> single;
                case FLOAT16 -> Float.float16ToFloat(Float.floatToFloat16(single));
                case BFLOAT16 -> {
                    int bits = Float.floatToRawIntBits(single);
                    yield Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000); // ties to even
                }
            };
        }
    }

    private static final int N = 624;
    private static final int M = 397;
    private static final int BLOCK = 16;
    public static final int STATE_BYTES = 1 + (N + 1) * Integer.BYTES + 1 + Double.BYTES;

    private final Precision precision;
    private final int[] state = new int[N];
    private int next = N;
    private boolean hasSpare;
    private double spare; // second value of the last pair that was drawn one by one

    /** @param seed seed; PyTorch uses its lower 32 bits */
    public TorchRandom(long seed) {
        this(seed, Precision.FLOAT32);
    }

    /** @param precision that the denoiser computes in, for PyTorch draws noise in that */
    public TorchRandom(long seed, Precision precision) {
        this.precision = precision;
        state[0] = (int) seed;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
    }

    private TorchRandom(ByteBuffer saved) {
        precision = Precision.values()[saved.get()];
        for (int i = 0; i < N; i++) {
            state[i] = saved.getInt();
        }
        next = saved.getInt();
        hasSpare = saved.get() != 0;
        spare = saved.getDouble();
    }

    /** Continues where {@link #save} was called. */
    public static TorchRandom restore(byte[] saved) {
        if (saved.length != STATE_BYTES) {
            throw new IllegalArgumentException(
                    "a saved generator has %d bytes, not %d".formatted(STATE_BYTES, saved.length));
        }
        return new TorchRandom(ByteBuffer.wrap(saved));
    }

    public byte[] save() {
        ByteBuffer saved = ByteBuffer.allocate(STATE_BYTES).put((byte) precision.ordinal());
        for (int word : state) {
            saved.putInt(word);
        }
        return saved.putInt(next)
                .put((byte) (hasSpare ? 1 : 0))
                .putDouble(spare)
                .array();
    }

    /** Standard normal numbers: {@code torch.randn(count)}, of any shape with that many elements. */
    public float[] randn(int count) {
        float[] values = new float[count];
        if (count < BLOCK) {
            for (int i = 0; i < count; i++) {
                values[i] = precision.round(nextNormal());
            }
            return values;
        }
        fillUniform(values, 0);
        for (int i = 0; i + BLOCK <= count; i += BLOCK) {
            boxMuller(values, i);
        }
        if (count % BLOCK != 0) { // the last block overlaps the one before, and is drawn afresh
            fillUniform(values, count - BLOCK);
            boxMuller(values, count - BLOCK);
        }
        return values;
    }

    /** What {@code torch.randint(0, 2**63 - 1, [])} would draw next, without drawing it. */
    public long nextSeed() {
        TorchRandom copy = restore(save());
        return Long.remainderUnsigned(copy.nextLong(), Long.MAX_VALUE);
    }

    private void fillUniform(float[] values, int from) {
        int mask = (1 << precision.digits) - 1;
        float unit = 1f / (1 << precision.digits);
        for (int i = from; i < values.length; i++) {
            values[i] = (nextInt() & mask) * unit;
        }
    }

    /** Turns 8 pairs of uniform numbers into 8 pairs of normal ones; a pair is 8 places apart. */
    private void boxMuller(float[] values, int from) {
        double turn = precision == Precision.FLOAT32 ? (float) (2 * Math.PI) : 2 * Math.PI;
        for (int i = from; i < from + BLOCK / 2; i++) {
            float radius = precision.round(Math.sqrt(-2 * precision.round(Math.log(1 - values[i]))));
            float theta = precision.round(turn * values[i + BLOCK / 2]);
            values[i] = precision.round(radius * precision.round(Math.cos(theta)));
            values[i + BLOCK / 2] = precision.round(radius * precision.round(Math.sin(theta)));
        }
    }

    private double nextNormal() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double theta = 2 * Math.PI * nextDouble();
        double radius = Math.sqrt(-2 * Math.log1p(-nextDouble()));
        spare = radius * Math.sin(theta);
        hasSpare = true;
        return radius * Math.cos(theta);
    }

    private double nextDouble() {
        return (nextLong() & (1L << 53) - 1) * 0x1p-53;
    }

    private long nextLong() {
        long high = nextInt() & 0xffffffffL;
        long low = nextInt() & 0xffffffffL;
        return high << 32 | low;
    }

    private int nextInt() {
        if (next == N) {
            twist();
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
            state[i] = state[(i + M) % N] ^ y >>> 1 ^ -(y & 1) & 0x9908b0df;
        }
        next = 0;
    }
}
