/** Measures models against the pictures that they were trained on. */
package io.ruido.evaluation;
