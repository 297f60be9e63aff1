/** Training data: folders of images, their captions, and latents and states that are computed once. */
package io.ruido.train.data;
