/** Wan's pipelines: clips from a text, or from a text and an image. */
package io.ruido.pipeline.wan;
