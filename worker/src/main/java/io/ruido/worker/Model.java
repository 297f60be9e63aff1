package io.ruido.worker;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.SamplerName;
import io.ruido.diffusion.SchedulerConfig;
import io.ruido.diffusion.TorchRandom;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.pipeline.DiffusionPipeline;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/** A model as the worker runs it: texts, floats and pictures, no tensors. */
final class Model implements AutoCloseable {
    private final ModelCard card;
    private final DiffusionPipeline pipeline;
    private final SchedulerConfig scheduler;
    private final ExecutorService side;

    private Model(ModelCard card, DiffusionPipeline pipeline, SchedulerConfig scheduler, ExecutorService side) {
        this.card = card;
        this.pipeline = pipeline;
        this.scheduler = scheduler;
        this.side = side;
    }

    /**
     * @param folder in diffusers' layout; its name is the model's
     * @param side one platform thread for texts and pictures: each thread that calls torch gets a pool of its own
     */
    static Model read(Path folder, ExecutorService side) throws IOException {
        DiffusionPipeline pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32);
        SchedulerConfig scheduler = SchedulerConfig.read(folder.resolve("scheduler/scheduler_config.json"));
        return new Model(Cards.read(folder, pipeline, scheduler), pipeline, scheduler, side);
    }

    ModelCard card() {
        return card;
    }

    Conditioning encode(String prompt, String negativePrompt) {
        return aside(manager -> {
            NDArray states = pipeline.encodeText(manager, List.of(prompt, negativePrompt)); // (2, T, D)
            return new Conditioning(
                    states.toFloatArray(), (int) states.getShape().get(1), (int)
                            states.getShape().get(2));
        });
    }

    /** An image's first noise and the way from there. */
    SampleState start(SamplingParams params) {
        Shape latents = pipeline.latentShape(params.width(), params.height());
        return new SampleState(
                SamplerName.of(params.sampler()).sampler(scheduler).trajectory(params.steps()),
                new TorchRandom(params.seed()),
                (int) latents.size());
    }

    /** The denoiser's output, with guidance, for a sample's next step. */
    float[] predict(SampleState sample, SamplingParams params, Conditioning text) {
        try (NDManager manager = pipeline.newManager()) {
            NDArray latents = manager.create(sample.input(), pipeline.latentShape(params.width(), params.height()));
            NDArray states = manager.create(text.states(), new Shape(2, text.tokens(), text.width()));
            return pipeline.predict(
                            latents,
                            new float[] {sample.timestep()},
                            states.get("0:1"),
                            states.get("1:2"),
                            new float[] {(float) params.guidanceScale()})
                    .toFloatArray();
        }
    }

    BufferedImage decode(float[] latents, SamplingParams params) {
        return aside(manager ->
                pipeline.decode(latents(manager, latents, params)).getFirst().toBufferedImage());
    }

    /** A small, rough picture of latents. */
    BufferedImage preview(float[] latents, SamplingParams params) {
        try (NDManager manager = pipeline.newManager()) {
            return pipeline.preview(latents(manager, latents, params))
                    .getFirst()
                    .toBufferedImage();
        }
    }

    private NDArray latents(NDManager manager, float[] latents, SamplingParams params) {
        return manager.create(latents, pipeline.latentShape(params.width(), params.height()));
    }

    private <T> T aside(Function<NDManager, T> work) {
        Callable<T> scoped = () -> {
            try (NDManager manager = pipeline.newManager()) {
                return work.apply(manager);
            }
        };
        try {
            return side.submit(scoped).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while model " + card.name() + " worked", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    "model " + card.name() + " failed: " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
