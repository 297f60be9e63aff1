/** Recipes: the settings of a training run, read from YAML. */
package io.ruido.train.recipe;
