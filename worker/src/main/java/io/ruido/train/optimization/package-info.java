/**
 * The training loop that all stages share: {@link io.ruido.train.optimization.TrainingRun} calls a stage for gradients,
 * updates its weights with AdamW, averages them, writes checkpoints and reports progress.
 */
package io.ruido.train.optimization;
