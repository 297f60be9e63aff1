/**
 * Executes a network's call as a plan: its layers run once on arrays that record the computation as a graph in ONNX
 * format, which ONNX Runtime executes. The layers are the only description of a model, and do not depend on this
 * package.
 */
package io.ruido.plan;
