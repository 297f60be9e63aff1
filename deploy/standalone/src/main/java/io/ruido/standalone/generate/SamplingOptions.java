package io.ruido.standalone.generate;

import picocli.CommandLine.Option;

/** Options of sampling. Absent options have the model's defaults. */
final class SamplingOptions {
    @Option(names = "--negative", paramLabel = "TEXT", description = "What the image does not show.")
    String negativePrompt;

    @Option(
            names = "--size",
            paramLabel = "WIDTHxHEIGHT",
            description = "In pixels, such as 128x96, or 128 for a square.")
    Submission.Size size;

    @Option(
            names = "--frames",
            paramLabel = "N",
            description =
                    "Frames of a clip, 1 more than a multiple of 4; the model's own number by default, 1 for images.")
    Integer frames;

    @Option(names = "--seconds", paramLabel = "S", description = "Length of a clip, instead of --frames.")
    Double seconds;

    @Option(names = "--fps", paramLabel = "N", description = "Frames per second of a clip; the model's own by default.")
    Double fps;

    @Option(names = "--steps", paramLabel = "N", description = "Denoising steps; the model's own number by default.")
    Integer steps;

    @Option(names = "--guidance", paramLabel = "SCALE", description = "How closely the prompt is followed; 1 is none.")
    Double guidance;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            description = "One of the model's samplers, such as ddim; the model's own by default.")
    String sampler;

    @Option(
            names = "--eta",
            paramLabel = "N",
            description =
                    "How much noise DDIM, TCD or Euler a adds in each step, from 0 to 1; the sampler's own by default.")
    Double eta;

    @Option(
            names = "--clip-skip",
            paramLabel = "N",
            description = "Layers at the end of a CLIP text encoder that are left out; 0 by default.")
    Integer clipSkip;
}
