/**
 * Samplers, one algorithm per file, each with the paper that it implements. A sampler compiles a number of steps to a
 * {@link io.ruido.diffusion.Trajectory}; {@link io.ruido.diffusion.samplers.SamplerName} lists them by the ids that
 * jobs use.
 */
package io.ruido.diffusion.samplers;
