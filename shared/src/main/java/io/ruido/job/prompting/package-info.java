/** The language of AUTOMATIC1111's prompts: emphasis, {@code BREAK}, {@code AND}, and the LoRAs that a job names. */
package io.ruido.job.prompting;
