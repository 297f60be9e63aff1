package io.ruido.diffusion.schedules;

/**
 * The natural logarithm in float32, with the last bit that NumPy gives it: diffusers truncates timesteps that depend on
 * it, and subtracts nearly equal ones. A rational approximation of log(1 + y) on √½ − 1 … √2 − 1.
 */
public final class FloatLog {
    private static final float[] NUMERATOR = {0, 1, 2.1126776f, 1.4800006f, 0.38088378f, 0.02589979f};
    private static final float[] DENOMINATOR = {1, 2.6126776f, 2.453006f, 0.98649430f, 0.15464764f, 0.0058750954f};

    private FloatLog() {}

    /** @param x positive and normal */
    public static float of(float x) {
        int exponent = Math.getExponent(x);
        float y = Math.scalb(x, -exponent);
        if (y >= (float) Math.sqrt(2)) {
            y /= 2;
            exponent++;
        }
        y--;
        return Math.fma((float) exponent, (float) Math.log(2), polynomial(NUMERATOR, y) / polynomial(DENOMINATOR, y));
    }

    private static float polynomial(float[] coefficients, float y) {
        float value = 0;
        for (int i = coefficients.length - 1; i >= 0; i--) {
            value = Math.fma(value, y, coefficients[i]);
        }
        return value;
    }
}
