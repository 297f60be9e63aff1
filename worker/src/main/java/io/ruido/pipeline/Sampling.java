package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.model.Conditioning;
import io.ruido.pipeline.image.Frames;
import java.util.List;
import java.util.function.IntConsumer;

/** Makes one result after another with a model, without any service. */
public final class Sampling {
    private final DiffusionPipeline pipeline;

    public Sampling(DiffusionPipeline pipeline) {
        this.pipeline = pipeline;
    }

    /**
     * The frames of a result, and the latents that they were decoded from.
     *
     * @param latents of that shape, see {@link DiffusionPipeline#latentShape}
     */
    public record Result(float[] latents, Shape shape, Frames frames) {}

    /**
     * Runs a request.
     *
     * @param onStep receives the number of finished steps
     * @throws IllegalArgumentException naming what of the request the model cannot do
     */
    public Result run(SampleRequest request, IntConsumer onStep) {
        int most = pipeline.promptEncoder().maxClipSkip();
        if (request.clipSkip() > most) {
            throw new IllegalArgumentException(
                    "clip skip must be at most %d for this model, was %d".formatted(most, request.clipSkip()));
        }
        Shape shape = pipeline.latentShape(request.geometry());
        SampleState state = InitialLatents.of(pipeline, request);
        float[] rescale = {(float) request.guidanceRescale()};
        try (NDManager manager = pipeline.newManager()) {
            Conditioning wanted =
                    pipeline.promptEncoder().encode(manager, List.of(request.prompt()), request.clipSkip(), List.of());
            Conditioning unwanted = pipeline.promptEncoder().encodeNegative(manager, List.of(request.negativePrompt()));
            if (request.source().isPresent()) {
                NDArray image = pipeline.promptEncoder()
                        .encodeImage(manager, request.source().get().image());
                wanted = wanted.withImage(image);
                unwanted = unwanted.withImage(image);
            }
            if (state.hasCleanRegion()) {
                NDArray firstFrameClean = manager.ones(new Shape(1));
                wanted = wanted.withFirstFrameClean(firstFrameClean);
                unwanted = unwanted.withFirstFrameClean(firstFrameClean);
            }
            while (!state.done()) {
                try (NDManager step = manager.newSubManager()) {
                    float[] timestep = {state.timestep()};
                    float[] guidance = {
                        (float) request.guidance(pipeline.predictor().denoiser().isLowNoise(timestep[0]))
                    };
                    NDArray input = step.create(state.input(), pipeline.inputShape(1, request.geometry()));
                    state.advance(pipeline.predict(input, timestep, wanted, unwanted, guidance, rescale)
                            .toFloatArray());
                }
                onStep.accept(state.step());
            }
            float[] latents = state.latents();
            Frames frames = pipeline.decode(manager.create(latents, shape)).getFirst();
            return new Result(latents, shape, frames);
        }
    }
}
