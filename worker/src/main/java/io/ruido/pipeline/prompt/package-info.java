/** The parts of AUTOMATIC1111's prompt language that change from step to step: editing and alternation. */
package io.ruido.pipeline.prompt;
