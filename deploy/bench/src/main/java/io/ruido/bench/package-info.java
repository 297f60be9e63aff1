/**
 * Benchmarks of the queue and of single steps, and what all benchmarks share. They are on the class path of
 * {@code ./ruido bench} only.
 */
package io.ruido.bench;
