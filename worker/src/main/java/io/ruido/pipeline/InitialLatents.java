package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Inpainting;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.Slerp;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.job.Variation;
import io.ruido.pipeline.image.RgbImage;

/**
 * Creates the initial state of samples: noise, or an image's latents with noise, and the part that a mask keeps. Random
 * numbers are drawn in the same order as in diffusers' pipelines.
 */
public final class InitialLatents {
    private final DiffusionPipeline pipeline;
    private final SampleRequest request;
    private final TorchRandom random;
    private final Shape shape;
    private final int size;

    private InitialLatents(DiffusionPipeline pipeline, SampleRequest request) {
        this.pipeline = pipeline;
        this.request = request;
        this.random = random(request.seeds().seed());
        this.shape = pipeline.latentShape(request.geometry());
        this.size = Math.toIntExact(shape.size());
    }

    /** @throws IllegalArgumentException naming the part of the request that the model does not support */
    public static SampleState of(DiffusionPipeline pipeline, SampleRequest request) {
        if (pipeline.takesMask()
                && request.source().flatMap(SampleRequest.Source::mask).isEmpty()) {
            throw new IllegalArgumentException("the model is an inpainting model: it requires an image and a mask");
        }
        if (pipeline.requiresFirstFrame() && request.source().isEmpty()) {
            throw new IllegalArgumentException("image is required: the model makes clips from a first frame");
        }
        InitialLatents start = new InitialLatents(pipeline, request);
        Trajectory trajectory = pipeline.trajectory(
                request.sampler(), request.eta(), request.churn(), request.steps(), request.strength());
        return request.source()
                .map(source -> start.from(source, trajectory))
                .orElseGet(() -> new SampleState(trajectory, start.random, start.noise(), new Inpainting.None()));
    }

    /**
     * Creates the initial state of a second pass: clean latents with noise.
     *
     * @param latents clean latents of the request's geometry
     * @param strength above 0, at most 1: how much of them is replaced by noise
     */
    public static SampleState of(DiffusionPipeline pipeline, SampleRequest request, float[] latents, double strength) {
        InitialLatents start = new InitialLatents(pipeline, request);
        Trajectory trajectory =
                pipeline.trajectory(request.sampler(), request.eta(), request.churn(), request.steps(), strength);
        return new SampleState(trajectory, start.random, start.noise(), latents, new Inpainting.None());
    }

    private SampleState from(SampleRequest.Source source, Trajectory trajectory) {
        try (NDManager manager = pipeline.newManager()) {
            NDArray image = tensor(manager, source.image());
            if (pipeline.clips().isPresent()) {
                return clip(source, image, trajectory);
            }
            if (source.mask().isEmpty()) {
                float[] latents = latents(image);
                return new SampleState(trajectory, random, noise(), latents, new Inpainting.None());
            }
            boolean fromNoise = source.strength() == 1;
            NDArray mask = mask(manager, source.mask().get());
            float[] latents = fromNoise && pipeline.takesMask() ? new float[size] : latents(image);
            float[] noise = noise();
            float[] masked = latents(image.mul(mask.mul(-1).add(1)));
            float[] small = downsampled(mask, shape);
            Inpainting inpainting = pipeline.takesMask()
                    ? new Inpainting.Concatenated(concatenated(small, masked))
                    : new Inpainting.Blended(latents, repeated(small, size));
            return fromNoise
                    ? new SampleState(trajectory, random, noise, inpainting)
                    : new SampleState(trajectory, random, noise, latents, inpainting);
        }
    }

    /** Creates the initial state of a clip with an unchanged first frame. */
    private SampleState clip(SampleRequest.Source source, NDArray image, Trajectory trajectory) {
        if (source.mask().isPresent() || source.strength() != 1) {
            throw new IllegalArgumentException(
                    "a clip starts with the unchanged image: strength must be 1 and mask absent, strength was "
                            + source.strength());
        }
        return new SampleState(trajectory, random, noise(), pipeline.codec().firstFrame(image, shape));
    }

    /** Returns diffusers' generator, which draws float32 for clips whatever the type of the weights is. */
    private TorchRandom random(long seed) {
        DataType type = pipeline.clips().isPresent()
                ? DataType.FLOAT32
                : pipeline.predictor().type();
        return new TorchRandom(
                seed,
                switch (type) {
                    case FLOAT16 -> TorchRandom.Precision.FLOAT16;
                    case BFLOAT16 -> TorchRandom.Precision.BFLOAT16;
                    default -> TorchRandom.Precision.FLOAT32;
                });
    }

    private float[] noise() {
        float[] noise = random.randn(size);
        Variation variation = request.seeds().variation();
        if (variation == null) {
            return noise;
        }
        TorchRandom towards = random(variation.seed());
        return Slerp.between(noise, towards.randn(size), variation.strength());
    }

    private float[] latents(NDArray image) {
        return pipeline.codec().encode(image, random);
    }

    /** (1, 3, H, W) in −1…1 */
    private static NDArray tensor(NDManager manager, RgbImage image) {
        float[] values = new float[image.rgb().length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (image.rgb()[i] & 0xff) / 255f * 2 - 1;
        }
        return manager.create(values, new Shape(1, image.height(), image.width(), 3))
                .transpose(0, 3, 1, 2);
    }

    /** Returns the mask (1, 1, H, W): 1 where the image is repainted, else 0. */
    private static NDArray mask(NDManager manager, RgbImage image) {
        float[] values = new float[image.width() * image.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = image.grey(i) >= 0.5 ? 1 : 0;
        }
        return manager.create(values, new Shape(1, 1, image.height(), image.width()));
    }

    /** Downsamples the mask to the latents (h, w): the value at the top left of each place. */
    private static float[] downsampled(NDArray mask, Shape shape) {
        int height = (int) shape.get(shape.dimension() - 2);
        int width = (int) shape.get(shape.dimension() - 1);
        int step = (int) (mask.getShape().get(2) / height);
        float[] all = mask.toFloatArray();
        float[] small = new float[height * width];
        for (int i = 0; i < small.length; i++) {
            small[i] = all[i / width * step * width * step + i % width * step];
        }
        return small;
    }

    /** Repeats the mask for every channel. */
    private static float[] repeated(float[] mask, int size) {
        float[] repeated = new float[size];
        for (int i = 0; i < size; i++) {
            repeated[i] = mask[i % mask.length];
        }
        return repeated;
    }

    private static float[] concatenated(float[] mask, float[] masked) {
        float[] concatenated = new float[mask.length + masked.length];
        System.arraycopy(mask, 0, concatenated, 0, mask.length);
        System.arraycopy(masked, 0, concatenated, mask.length, masked.length);
        return concatenated;
    }
}
