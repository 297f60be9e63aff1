/**
 * Tensors: torch's devices and types, the operations of {@code ops.py}, and weights in safetensors files. Everything above
 * it calls torch through this package.
 */
package io.ruido.tensor;
