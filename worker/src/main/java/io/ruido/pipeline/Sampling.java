package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Sampler;
import io.ruido.diffusion.SamplerName;
import io.ruido.model.Conditioning;
import java.util.List;
import java.util.function.IntConsumer;

/** Makes one picture after another with a model, without any service. */
public final class Sampling {
    private final DiffusionPipeline pipeline;

    public Sampling(DiffusionPipeline pipeline) {
        this.pipeline = pipeline;
    }

    /**
     * A picture, and the latents that it was decoded from.
     *
     * @param latents (1, L, h, w)
     */
    public record Result(float[] latents, Shape shape, RgbImage image) {}

    /**
     * Runs the whole of a request.
     *
     * @param onStep told the number of steps made
     * @throws IllegalArgumentException naming what of the request the model cannot do
     */
    public Result run(SampleRequest request, IntConsumer onStep) {
        Shape shape = pipeline.latentShape(request.width(), request.height());
        SamplerName name = request.sampler().map(SamplerName::of).orElseGet(pipeline::defaultSampler);
        Sampler sampler = name.sampler(pipeline.scheduler());
        Start start = Start.of(pipeline, request, sampler, shape);
        SampleState state = start.state();
        float[] guidance = {(float) request.guidance()};
        float[] rescale = {(float) request.guidanceRescale()};
        try (NDManager manager = pipeline.newManager()) {
            Conditioning wanted = pipeline.encode(manager, List.of(request.prompt()), request.clipSkip());
            Conditioning unwanted = pipeline.encodeNegative(manager, List.of(request.negativePrompt()));
            while (!state.done()) {
                try (NDManager step = manager.newSubManager()) {
                    NDArray latents = step.create(state.input(), shape);
                    NDArray input = start.beside()
                            .map(more -> latents.concat(
                                    step.create(more, new Shape(1, shape.get(1) + 1, shape.get(2), shape.get(3))), 1))
                            .orElse(latents);
                    float[] timestep = {state.timestep()};
                    state.advance(pipeline.predict(input, timestep, wanted, unwanted, guidance, rescale)
                            .toFloatArray());
                }
                start.kept().ifPresent(kept -> kept.restore(state));
                onStep.accept(state.step());
            }
            float[] latents = state.latents();
            RgbImage image = pipeline.decode(manager.create(latents, shape)).getFirst();
            return new Result(latents, shape, image);
        }
    }
}
