/**
 * Noise schedules: the variances that a model was trained with, and the timesteps and sigmas that samplers visit. The
 * settings are those of diffusers' {@code scheduler_config.json}.
 */
package io.ruido.diffusion.schedules;
