/** Clips as files: MP4, WebM and animated WebP, written by FFmpeg's libraries. */
package io.ruido.clip;
