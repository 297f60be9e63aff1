/** OpenAI's image API. A request is translated to a job like every other, and its client waits for the images. */
package io.ruido.gateway.openai;
