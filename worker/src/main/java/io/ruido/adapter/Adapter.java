package io.ruido.adapter;

import ai.djl.ndarray.NDArray;

/**
 * The low-rank addition to one layer: scale·up·down·x (Hu et al., 2022, §4.1), and with gains g·(W·x + scale·up·down·x), in
 * which g brings the weight's rows to learned lengths (DoRA; Liu et al., 2024, §4.1).
 *
 * @param down (r, in), or (r, in, k, k) of a convolution
 * @param up (out, r), or (out, r, 1, 1)
 * @param bias (out), or empty
 * @param gains (out), or empty
 */
public record Adapter(NDArray down, NDArray up, NDArray bias, NDArray gains, double scale) {}
