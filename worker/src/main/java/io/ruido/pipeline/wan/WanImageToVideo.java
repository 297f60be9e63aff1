package io.ruido.pipeline.wan;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Inpainting;
import io.ruido.diffusion.SampleState;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.WanConfig;
import io.ruido.model.wan.WanTransformer3DModel;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Wan (Wan Team, 2025, arXiv:2503.20314) for clips that begin with a picture, in the folder layout of diffusers' {@code
 * WanImageToVideoPipeline}. Models of version 2.2 have two transformers, for much and for little noise, or tell one
 * transformer the timestep of each patch.
 *
 * <p>L latent channels, F latent frames, h and w sides of the latents, T text tokens, D their width.
 */
public final class WanImageToVideo implements AutoCloseable {
    private static final String CLASS_NAME = "WanImageToVideoPipeline";
    private static final int COLOURS = 3;

    private final NDManager manager;
    private final DataType type;
    private final SchedulerConfig scheduler;
    private final WanPrompts prompts;
    private final WanTransformer3DModel transformer;
    private final Optional<WanTransformer3DModel> lowNoiseTransformer;
    private final double boundary;
    private final boolean timestepEachPatch;
    private final Optional<PictureEncoder> pictureEncoder;
    private final AutoencoderKLWan vae;

    private WanImageToVideo(ModelFolder folder, NDManager manager, DataType type) throws IOException {
        this.manager = manager;
        this.type = type;
        if (!reads(folder)) {
            throw new IllegalArgumentException(
                    "%s: _class_name is %s; supported: %s".formatted(folder.path(), folder.className(), CLASS_NAME));
        }
        timestepEachPatch = folder.index().path("expand_timesteps").asBoolean();
        scheduler = SchedulerConfig.read(folder.path().resolve("scheduler/scheduler_config.json"));
        defaultSampler().sampler(scheduler); // which refuses settings that it does not know
        transformer = transformer(folder, "transformer");
        lowNoiseTransformer = folder.parts().containsKey("transformer_2")
                ? Optional.of(transformer(folder, "transformer_2"))
                : Optional.empty();
        boundary = boundary(folder);
        vae = AutoencoderKLWan.read(folder.path().resolve("vae"), manager);
        checkChannels();
        pictureEncoder = transformer.config().imageDim().isPresent()
                ? Optional.of(PictureEncoder.read(folder, manager))
                : Optional.empty();
        prompts = WanPrompts.read(folder, manager, type);
    }

    private WanTransformer3DModel transformer(ModelFolder folder, String part) throws IOException {
        String found = folder.parts().getOrDefault(part, "absent");
        if (!found.equals("WanTransformer3DModel")) {
            throw new IllegalArgumentException(
                    "%s: %s is %s; supported: WanTransformer3DModel".formatted(folder.path(), part, found));
        }
        Path path = folder.path().resolve(part);
        Weights weights = Weights.read(path, manager, type).packed();
        var model = new WanTransformer3DModel(WanConfig.read(path), weights);
        weights.rejectUnread();
        return model;
    }

    /** The timestep below which the second transformer predicts. */
    private double boundary(ModelFolder folder) {
        double ratio = folder.index().path("boundary_ratio").asDouble(0);
        if (lowNoiseTransformer.isPresent() != ratio > 0) {
            throw new IllegalArgumentException(
                    "%s: boundary_ratio is %s with %d transformers; supported: a ratio with 2"
                            .formatted(
                                    folder.path(),
                                    folder.index().path("boundary_ratio"),
                                    lowNoiseTransformer.isPresent() ? 2 : 1));
        }
        return ratio * scheduler.trainSteps();
    }

    private void checkChannels() {
        int latent = vae.config().zDim();
        int wanted = timestepEachPatch ? latent : 2 * latent + vae.config().frames();
        if (transformer.config().inChannels() != wanted || transformer.config().outChannels() != latent) {
            throw new IllegalArgumentException(
                    "transformer takes %d channels and gives %d, but must take %d and give %d"
                            .formatted(
                                    transformer.config().inChannels(),
                                    transformer.config().outChannels(),
                                    wanted,
                                    latent));
        }
    }

    /**
     * Reads a model.
     *
     * @param type of the transformers' and the text encoder's weights; the autoencoder computes in float32
     * @throws IOException naming the file that is missing or malformed
     * @throws IllegalArgumentException naming the part, setting or tensor that is not supported
     */
    public static WanImageToVideo read(Path path, Device device, DataType type) throws IOException {
        ModelFolder folder = ModelFolder.read(path);
        NDManager manager = Torch.newManager(device);
        try {
            return new WanImageToVideo(folder, manager, type);
        } catch (IOException | RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** Whether a folder is one of this pipeline's. */
    public static boolean reads(ModelFolder folder) {
        return folder.className().equals(CLASS_NAME);
    }

    /** The sampler of the folder's configuration. */
    public SamplerName defaultSampler() {
        return SamplerName.defaultFor(scheduler);
    }

    /** Sides of frames must be multiples of this many pixels. */
    public int sizeStep() {
        return vae.config().downscale() * transformer.config().patchSize().getLast();
    }

    /**
     * The shape (1, L, F, h, w) of a clip's latents.
     *
     * @throws IllegalArgumentException naming the side or the number of frames that the model cannot make
     */
    public Shape latentShape(int width, int height, int frames) {
        requireMultiple("width", width);
        requireMultiple("height", height);
        int downscale = vae.config().downscale();
        return new Shape(
                1, vae.config().zDim(), AutoencoderKLWan.latentFrames(frames), height / downscale, width / downscale);
    }

    private void requireMultiple(String side, int size) {
        if (size <= 0 || size % sizeStep() != 0) {
            throw new IllegalArgumentException("%s must be a multiple of %d, was %d".formatted(side, sizeStep(), size));
        }
    }

    /**
     * Makes a clip.
     *
     * @param onStep told the number of steps made
     * @param sink gets one frame after the other
     * @throws IllegalArgumentException naming what of the request the model cannot do
     */
    public void run(ClipRequest request, IntConsumer onStep, Consumer<RgbImage> sink) {
        Shape shape = latentShape(request.width(), request.height(), request.frames());
        Trajectory trajectory = request.sampler()
                .map(SamplerName::of)
                .orElseGet(this::defaultSampler)
                .sampler(scheduler)
                .trajectory(request.steps());
        try (NDManager scratch = manager.newSubManager()) {
            var random = new TorchRandom(request.seed());
            float[] noise = random.randn(Math.toIntExact(shape.size()));
            Inpainting first = first(scratch, request.image(), shape);
            NDArray picture =
                    pictureEncoder.isPresent() ? pictureEncoder.get().encode(scratch, request.image()) : Ops.none();
            NDArray wanted = states(scratch, request.prompt());
            NDArray unwanted = request.guidance() > 1 ? states(scratch, request.negativePrompt()) : Ops.none();
            var state = new SampleState(trajectory, random, noise, first);
            while (!state.done()) {
                try (NDManager step = scratch.newSubManager()) {
                    state.advance(predict(step, state, shape, request, wanted, unwanted, picture));
                }
                onStep.accept(state.step());
            }
            decode(Torch.tensor(scratch, state.latents(), shape), sink);
        }
    }

    /** (1, T, D) */
    private NDArray states(NDManager scratch, String text) {
        return Ops.cast(prompts.encode(scratch, List.of(text), 0).states(), DataType.FLOAT32);
    }

    private float[] predict(
            NDManager step,
            SampleState state,
            Shape shape,
            ClipRequest request,
            NDArray wanted,
            NDArray unwanted,
            NDArray picture) {
        float timestep = state.timestep();
        boolean low = lowNoiseTransformer.isPresent() && timestep < boundary;
        WanTransformer3DModel model = low ? lowNoiseTransformer.get() : transformer;
        double guidance = low ? request.lowNoiseGuidance().orElse(request.guidance()) : request.guidance();
        Shape told = new Shape(1, model.config().inChannels(), shape.get(2), shape.get(3), shape.get(4));
        NDArray latents = Ops.cast(Torch.tensor(step, state.input(), told), type);
        NDArray timesteps = timestepEachPatch ? timesteps(step, timestep, shape) : step.create(new float[] {timestep});
        NDArray c = velocity(model, latents, timesteps, wanted, picture);
        if (unwanted.isEmpty()) {
            return c.toFloatArray();
        }
        NDArray u = velocity(model, latents, timesteps, unwanted, picture);
        return c.sub(u).mul((float) guidance).add(u).toFloatArray();
    }

    private NDArray velocity(
            WanTransformer3DModel model, NDArray latents, NDArray timesteps, NDArray text, NDArray picture) {
        NDArray out = Ops.withoutGradient(() -> model.forward(
                latents, timesteps, Ops.cast(text, type), picture.isEmpty() ? picture : Ops.cast(picture, type)));
        return Ops.cast(out, DataType.FLOAT32);
    }

    /** The timestep of each patch: 0 for those of the first frame, which is clean. */
    private NDArray timesteps(NDManager step, float timestep, Shape latents) {
        int side = transformer.config().patchSize().getLast();
        int eachFrame = (int) (latents.get(3) / side * (latents.get(4) / side));
        float[] timesteps = new float[(int) (eachFrame * latents.get(2))];
        Arrays.fill(timesteps, eachFrame, timesteps.length, timestep);
        return step.create(timesteps, new Shape(1, timesteps.length));
    }

    /** What a model is told of its first frame: latents beside the noisy ones, or latents in their place. */
    private Inpainting first(NDManager scratch, RgbImage image, Shape shape) {
        int frames = timestepEachPatch
                ? 1
                : Math.toIntExact(shape.get(2) - 1) * vae.config().frames() + 1;
        NDArray first = Pictures.tensor(scratch, image); // (1, 3, 1, H, W)
        NDArray clip = frames == 1
                ? first
                : first.concat(scratch.zeros(new Shape(1, COLOURS, frames - 1, image.height(), image.width())), 2);
        NDArray latents = vae.normalized(vae.encode(clip).mean());
        int frame = Math.toIntExact(shape.get(3) * shape.get(4)); // values of one latent frame
        int all = Math.toIntExact(shape.get(2)) * frame;
        if (timestepEachPatch) {
            return Inpainting.Clean.ofFirstFrame(
                    latents.toFloatArray(), Math.toIntExact(shape.get(1)), Math.toIntExact(shape.get(2)));
        }
        float[] mask = new float[vae.config().frames() * all]; // of each frame of the clip: 1 where it is given
        for (int channel = 0; channel < vae.config().frames(); channel++) {
            Arrays.fill(mask, channel * all, channel * all + frame, 1);
        }
        NDArray told = Torch.tensor(
                scratch, mask, new Shape(1, vae.config().frames(), shape.get(2), shape.get(3), shape.get(4)));
        return new Inpainting.Beside(
                NDArrays.concat(new NDList(told, latents), 1).toFloatArray());
    }

    /** Frames of finished latents, one after the other: the clip is never in memory as a whole. */
    private void decode(NDArray latents, Consumer<RgbImage> sink) {
        vae.decode(vae.denormalized(latents), piece -> {
            for (int i = 0; i < piece.getShape().get(2); i++) {
                sink.accept(Pictures.image(piece.get(new NDIndex(":, :, {}:{}", i, i + 1))));
            }
        });
    }

    @Override
    public void close() {
        prompts.close();
        manager.close();
    }
}
