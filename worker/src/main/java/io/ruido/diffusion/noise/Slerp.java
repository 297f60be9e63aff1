package io.ruido.diffusion.noise;

/**
 * Interpolation on a sphere (Shoemake 1985, "Animating rotation with quaternion curves"): the interpolation of noise is
 * noise.
 */
public final class Slerp {
    /** More parallel than noises can be by chance: there is no arc between them. */
    private static final double PARALLEL = 0.9995;

    private Slerp() {}

    /**
     * Turns one noise towards another.
     *
     * @param share 0 for the first, 1 for the second, exactly
     */
    public static float[] between(float[] from, float[] to, double share) {
        double cosine = cosine(from, to);
        boolean arc = Math.abs(cosine) < PARALLEL;
        double angle = Math.acos(Math.clamp(cosine, -1, 1));
        double kept = arc ? Math.sin((1 - share) * angle) / Math.sin(angle) : 1 - share;
        double taken = arc ? Math.sin(share * angle) / Math.sin(angle) : share;
        float[] between = new float[from.length];
        for (int i = 0; i < between.length; i++) {
            between[i] = (float) (kept * from[i] + taken * to[i]);
        }
        return between;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0, squaresOfA = 0, squaresOfB = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squaresOfA += (double) a[i] * a[i];
            squaresOfB += (double) b[i] * b[i];
        }
        return product / Math.sqrt(squaresOfA * squaresOfB);
    }
}
