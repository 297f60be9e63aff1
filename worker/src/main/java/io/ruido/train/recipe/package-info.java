/** Recipes: what a training run makes of what, read from YAML. */
package io.ruido.train.recipe;
