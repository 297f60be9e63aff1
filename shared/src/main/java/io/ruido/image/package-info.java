/** Decoding and encoding of image files. Files from clients are checked before memory is allocated for them. */
package io.ruido.image;
