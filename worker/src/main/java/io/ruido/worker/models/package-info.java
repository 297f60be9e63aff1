/**
 * The models that a worker serves: fetched from a bucket if so configured, read from their folders, and called with plain
 * arrays, so that nothing else of the worker handles tensors.
 */
package io.ruido.worker.models;
