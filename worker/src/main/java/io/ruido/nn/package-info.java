/** Layers over NDArray, with gradients as without, and where their weights come from. */
package io.ruido.nn;
