/** Measures models against the images that they were trained on. */
package io.ruido.evaluation;
