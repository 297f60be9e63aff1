/**
 * AUTOMATIC1111's API, {@code /sdapi/v1}. A request is translated to a job like every other, and its client waits for the
 * images.
 */
package io.ruido.gateway.a1111;
