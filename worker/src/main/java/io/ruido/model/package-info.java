/**
 * Networks, one architecture per file, with the settings and tensor names of the reference implementations. This
 * package contains what they share: the {@link io.ruido.model.Denoiser}, its {@link io.ruido.model.Conditioning}, and
 * how settings are read.
 */
package io.ruido.model;
