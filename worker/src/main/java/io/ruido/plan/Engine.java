package io.ruido.plan;

/** Executes the calls of a denoiser and of an autoencoder. */
public enum Engine {
    /** Torch, layer by layer. */
    EAGER,
    /** ONNX Runtime, from a graph of the whole call. */
    PLAN
}
