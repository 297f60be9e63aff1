/**
 * The definition of a model family: {@link io.ruido.pipeline.family.ModelFamily}, the parts of its folder, and the
 * codec between latents and results. Each family has a package of its own beside this one; {@code ModelFamilies} lists
 * them.
 */
package io.ruido.pipeline.family;
