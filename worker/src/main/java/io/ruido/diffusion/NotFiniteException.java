package io.ruido.diffusion;

/** Says that latents or pixels are no longer finite numbers, as they would be in every attempt. */
public final class NotFiniteException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    public NotFiniteException(String message) {
        super(message);
    }
}
