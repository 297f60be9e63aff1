/**
 * A network's call as a plan: its layers run once on arrays that write down what is computed, as a graph in ONNX' format, and
 * ONNX Runtime executes it. The layers stay the only description of a model, and know nothing of this.
 */
package io.ruido.plan;
