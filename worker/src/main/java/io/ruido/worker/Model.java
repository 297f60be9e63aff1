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
import io.ruido.diffusion.Trajectory;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingParams;
import io.ruido.nn.Torch;
import io.ruido.pipeline.DiffusionPipeline;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.stream.IntStream;

/** A model as the worker runs it: texts, floats and pictures, no tensors. */
final class Model implements AutoCloseable {
    /** All models of a worker are on one. */
    static final Device DEVICE = Device.cpu();

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
        DiffusionPipeline pipeline = DiffusionPipeline.read(folder, DEVICE, DataType.FLOAT32);
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
        return new SampleState(trajectory(params), new TorchRandom(params.seed()), (int) latents.size());
    }

    /**
     * An image that was begun before.
     *
     * @throws IllegalArgumentException saying why it cannot go on from these bytes
     */
    SampleState resume(SamplingParams params, byte[] saved) {
        return SampleState.restore(trajectory(params), saved);
    }

    private Trajectory trajectory(SamplingParams params) {
        return SamplerName.of(params.sampler()).sampler(scheduler).trajectory(params.steps());
    }

    /** The denoiser's output, with guidance, for the next step of each of these samples of one kind. */
    float[][] predict(List<Sample> batch) {
        SamplingParams params = batch.getFirst().params();
        Conditioning text = batch.getFirst().text();
        int size = batch.size();
        float[] timesteps = new float[size];
        float[] guidance = new float[size];
        for (int i = 0; i < size; i++) {
            timesteps[i] = batch.get(i).denoising().timestep();
            guidance[i] = (float) batch.get(i).params().guidanceScale();
        }
        Shape one = pipeline.latentShape(params.width(), params.height());
        Shape all = new Shape(size, one.get(1), one.get(2), one.get(3));
        Shape texts = new Shape(size, text.tokens(), text.width());
        try (NDManager manager = pipeline.newManager()) {
            float[] outputs = pipeline.predict(
                            Torch.tensor(
                                    manager,
                                    joined(batch, sample -> sample.denoising().input()),
                                    all),
                            timesteps,
                            Torch.tensor(
                                    manager,
                                    joined(batch, sample -> sample.text().prompt()),
                                    texts),
                            Torch.tensor(
                                    manager,
                                    joined(batch, sample -> sample.text().negative()),
                                    texts),
                            guidance)
                    .toFloatArray();
            int each = outputs.length / size;
            return IntStream.range(0, size)
                    .mapToObj(i -> Arrays.copyOfRange(outputs, i * each, (i + 1) * each))
                    .toArray(float[][]::new);
        }
    }

    private static float[] joined(List<Sample> batch, Function<Sample, float[]> part) {
        float[][] parts = batch.stream().map(part).toArray(float[][]::new);
        FloatBuffer all = FloatBuffer.allocate(parts.length * parts[0].length);
        for (float[] values : parts) {
            all.put(values);
        }
        return all.array();
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
