/** Layers over NDArray, with gradients as without, named as in the reference implementations. */
package io.ruido.nn;
