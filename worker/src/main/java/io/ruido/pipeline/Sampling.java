package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.SamplerName;
import io.ruido.diffusion.SchedulerConfig;
import io.ruido.diffusion.TorchRandom;
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
     */
    public Result run(SampleRequest request, IntConsumer onStep) {
        SchedulerConfig scheduler = pipeline.scheduler();
        Shape shape = pipeline.latentShape(request.width(), request.height());
        SamplerName sampler =
                request.sampler() == null ? SamplerName.defaultFor(scheduler) : SamplerName.of(request.sampler());
        var state = new SampleState(
                sampler.sampler(scheduler).trajectory(request.steps()),
                new TorchRandom(request.seed()),
                Math.toIntExact(shape.size()));
        float[] guidance = {(float) Math.max(1, request.guidance())};
        try (NDManager manager = pipeline.newManager()) {
            NDArray text = pipeline.encodeText(manager, List.of(request.prompt()));
            NDArray negative = pipeline.encodeText(manager, List.of(request.negativePrompt()));
            while (!state.done()) {
                try (NDManager step = manager.newSubManager()) {
                    NDArray latents = step.create(state.input(), shape);
                    state.advance(pipeline.predict(latents, new float[] {state.timestep()}, text, negative, guidance)
                            .toFloatArray());
                }
                onStep.accept(state.step());
            }
            float[] latents = state.latents();
            RgbImage image = pipeline.decode(manager.create(latents, shape)).getFirst();
            return new Result(latents, shape, image);
        }
    }
}
