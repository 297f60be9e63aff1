/**
 * The sampling process as data. A {@link io.ruido.diffusion.Trajectory} is a list of linear updates in plain doubles, and
 * {@link io.ruido.diffusion.SampleState} applies them to one sample. The package knows neither tensors nor jobs.
 */
package io.ruido.diffusion;
