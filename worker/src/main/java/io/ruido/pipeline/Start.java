package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Sampler;
import io.ruido.diffusion.TorchRandom;
import io.ruido.model.AutoencoderKL;
import java.util.Optional;

/**
 * What a sample begins with: noise, or a picture's latents with noise, and what a mask keeps of the picture. Random numbers
 * are drawn in the order in which diffusers' pipelines draw them.
 *
 * @param kept what of the picture stays, where the denoiser does not see to that
 * @param beside mask and masked picture (1, 1 + L, h, w), for a denoiser that takes them
 */
record Start(SampleState state, Optional<Kept> kept, Optional<float[]> beside) {
    /**
     * @param picture clean latents
     * @param mask for each of their values: 1 where it is painted anew, 0 where it is kept
     */
    record Kept(float[] picture, float[] mask) {
        /** Brings what is kept to the noise of the next step. */
        void restore(SampleState state) {
            float[] latents = state.latents();
            float[] kept = state.noised(picture);
            for (int i = 0; i < latents.length; i++) {
                latents[i] = (1 - mask[i]) * kept[i] + mask[i] * latents[i];
            }
            state.replace(latents);
        }
    }

    static Start of(DiffusionPipeline pipeline, SampleRequest request, Sampler sampler, Shape shape) {
        var random = new TorchRandom(request.seed(), pipeline.noisePrecision());
        int size = Math.toIntExact(shape.size());
        if (request.source().isEmpty()) {
            if (pipeline.takesMask()) {
                throw new IllegalArgumentException(
                        "the model paints a part of an image anew: it needs an image and a mask");
            }
            return new Start(
                    new SampleState(sampler.trajectory(request.steps()), random, size),
                    Optional.empty(),
                    Optional.empty());
        }
        SampleRequest.Source source = request.source().get();
        var trajectory = sampler.trajectory(request.steps(), source.strength());
        try (NDManager manager = pipeline.newManager()) {
            NDArray image = tensor(manager, source.image());
            if (source.mask().isEmpty()) {
                float[] picture = latents(pipeline, image, random);
                return new Start(new SampleState(trajectory, random, picture), Optional.empty(), Optional.empty());
            }
            boolean fromNoise = source.strength() == 1;
            NDArray mask = mask(manager, source.mask().get());
            float[] picture = fromNoise && pipeline.takesMask() ? new float[size] : latents(pipeline, image, random);
            SampleState state = fromNoise
                    ? new SampleState(trajectory, random, size)
                    : new SampleState(trajectory, random, picture);
            float[] masked = latents(pipeline, image.mul(mask.mul(-1).add(1)), random);
            float[] small = shrunk(mask, shape);
            return pipeline.takesMask()
                    ? new Start(state, Optional.empty(), Optional.of(joined(small, masked)))
                    : new Start(state, Optional.of(new Kept(picture, spread(small, size))), Optional.empty());
        }
    }

    /** A draw from the distribution of a picture's latents, scaled. */
    private static float[] latents(DiffusionPipeline pipeline, NDArray image, TorchRandom random) {
        AutoencoderKL.Posterior posterior = pipeline.encodePictures(image);
        float[] mean = posterior.mean().toFloatArray();
        float[] deviation = posterior.logvar().mul(0.5).exp().toFloatArray();
        float[] noise = random.randn(mean.length);
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (pipeline.scalingFactor() * (mean[i] + deviation[i] * noise[i]));
        }
        return mean;
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

    /** 1 where the picture is painted anew, else 0: (1, 1, H, W). */
    private static NDArray mask(NDManager manager, RgbImage image) {
        float[] values = new float[image.width() * image.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = image.grey(i) >= 0.5 ? 1 : 0;
        }
        return manager.create(values, new Shape(1, 1, image.height(), image.width()));
    }

    /** The mask's value at the top left of each of the latents (h, w). */
    private static float[] shrunk(NDArray mask, Shape shape) {
        int height = (int) shape.get(2);
        int width = (int) shape.get(3);
        int step = (int) (mask.getShape().get(2) / height);
        float[] all = mask.toFloatArray();
        float[] small = new float[height * width];
        for (int i = 0; i < small.length; i++) {
            small[i] = all[i / width * step * width * step + i % width * step];
        }
        return small;
    }

    /** The mask for every channel. */
    private static float[] spread(float[] mask, int size) {
        float[] spread = new float[size];
        for (int i = 0; i < size; i++) {
            spread[i] = mask[i % mask.length];
        }
        return spread;
    }

    private static float[] joined(float[] mask, float[] masked) {
        float[] joined = new float[mask.length + masked.length];
        System.arraycopy(mask, 0, joined, 0, mask.length);
        System.arraycopy(masked, 0, joined, mask.length, masked.length);
        return joined;
    }
}
