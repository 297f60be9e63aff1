/** Attention and the transformer blocks built from it, named as in the reference implementations. */
package io.ruido.nn.attention;
