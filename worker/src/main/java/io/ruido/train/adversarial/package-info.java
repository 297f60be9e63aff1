/** Discriminators and their losses, for every stage that trains against one. */
package io.ruido.train.adversarial;
