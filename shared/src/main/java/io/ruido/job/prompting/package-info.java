/** How the prompts of a job are read, and the LoRAs that it names. */
package io.ruido.job.prompting;
