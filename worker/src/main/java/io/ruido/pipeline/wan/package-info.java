/** Wan's pipelines: clips from a text, or from a text and a picture. */
package io.ruido.pipeline.wan;
