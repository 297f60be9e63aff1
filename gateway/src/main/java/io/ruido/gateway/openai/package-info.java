/** OpenAI's image and video APIs. Their requests become ordinary jobs. */
package io.ruido.gateway.openai;
