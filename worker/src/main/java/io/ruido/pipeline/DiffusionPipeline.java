package io.ruido.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.image.ImageEncoder;
import io.ruido.job.Artifact;
import io.ruido.job.Geometry;
import io.ruido.job.Output;
import io.ruido.job.Source;
import io.ruido.job.StepCost;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.pipeline.family.About;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.lora.LoraFile;
import io.ruido.pipeline.lora.Loras;
import io.ruido.pipeline.text.Prompts;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in the folder layout of one of diffusers' pipelines: what conditions its denoiser, the denoiser, and the
 * autoencoder of its latents, if it has one. The caller loops over timesteps, and may batch samples at different steps.
 *
 * <p>B batch, L latent channels, h and w sides of the latents, T context tokens, D their width. Latents and results are
 * float32, whatever the weights are. Results belong to the manager of the latents.
 */
public final class DiffusionPipeline implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiffusionPipeline.class);

    private final ModelFamily family;
    private final NDManager manager;
    private final DataType type;
    private final Prompts prompts;
    private final Denoiser denoiser;
    private final Optional<PlannedDenoiser> planned;
    private final Predictor predictor;
    private final Codec codec;
    private final SchedulerConfig scheduler;
    private final About about;

    private DiffusionPipeline(ModelFolder folder, NDManager manager, DataType type, Engine engine, Loras loras)
            throws IOException {
        this.manager = manager;
        this.type = type;
        about = About.read(folder.path());
        family = ModelFamilies.of(folder);
        scheduler = family.scheduler(folder);
        defaultSampler().sampler(scheduler); // which refuses settings that it does not know
        Optional<Path> plannable = engine == Engine.PLAN ? plannable(folder, loras) : Optional.empty();
        Map<Path, Weights> read = new HashMap<>();
        Parts parts = new Parts(folder, manager, type, engine, loras, path -> {
            boolean plain = plannable.filter(path::equals).isPresent();
            read.put(path, plain ? Weights.stored(path, manager) : loras.weights(path));
            return read.get(path);
        });
        denoiser = family.denoiser(parts);
        planned = plannable.map(path -> new PlannedDenoiser(denoiser, read.get(path)));
        codec = family.codec(parts, denoiser);
        prompts = family.prompts(parts, denoiser);
        loras.rejectUnused();
        predictor = new Predictor(planned.isPresent() ? planned.get() : denoiser, type, codec.downscale());
        checkChannels();
        prepare();
    }

    /** Returns the denoiser's folder if it can be planned. */
    private Optional<Path> plannable(ModelFolder folder, Loras loras) throws IOException {
        String part = folder.part("unet").isPresent() ? "unet" : "transformer";
        Path path = folder.folder(part);
        Optional<String> obstacle =
                PlannedDenoiser.obstacle(folder.part(part).orElseThrow(), path, manager, type, !loras.isEmpty());
        obstacle.ifPresent(reason -> log.info("executing {} layer by layer, without a plan: {}", path, reason));
        return obstacle.isPresent() ? Optional.empty() : Optional.of(path);
    }

    /** Compiles the plan for pictures of the usual size, so that the first step does not have to. */
    private void prepare() {
        if (planned.isPresent()) {
            try (NDManager scratch = newManager()) {
                List<Integer> sides = denoiser.sampleSize();
                NDArray latents = scratch.zeros(new Shape(1, denoiser.inChannels(), sides.getFirst(), sides.getLast()));
                predictor.prepare(planned.get(), latents, encodeNegative(scratch, List.of("")));
            }
        }
    }

    private void checkChannels() {
        int in = codec.channels();
        int out = denoiser.outChannels();
        boolean variance = out == 2 * in && family.learnedVariance() != ModelFamily.LearnedVariance.REFUSED;
        if (!codec.inputChannels().contains(denoiser.inChannels()) || out != in && !variance) {
            throw new IllegalArgumentException("the denoiser has %d input and %d output channels; supported: %s and %d"
                    .formatted(denoiser.inChannels(), out, new TreeSet<>(codec.inputChannels()), in));
        }
    }

    /**
     * Reads a model.
     *
     * @param type of weights and of computing: FLOAT32 is the fastest on a CPU
     * @throws IOException naming the file that is missing or malformed
     * @throws IllegalArgumentException naming the part, setting or tensor that is not supported
     */
    public static DiffusionPipeline read(Path path, Device device, DataType type) throws IOException {
        return read(path, device, type, List.of());
    }

    /**
     * Reads a model and merges low-rank additions into its weights.
     *
     * @throws IllegalArgumentException also naming a module of a file that the model has no place for
     */
    public static DiffusionPipeline read(Path path, Device device, DataType type, List<LoraFile> files)
            throws IOException {
        return read(path, device, type, Engine.EAGER, files);
    }

    /**
     * The same with a choice of what executes the denoiser's calls. A denoiser that cannot be planned is executed
     * eagerly; the log says why.
     */
    public static DiffusionPipeline read(Path path, Device device, DataType type, Engine engine, List<LoraFile> files)
            throws IOException {
        if (engine == Engine.PLAN) {
            try {
                return open(path, device, type, engine, files);
            } catch (UnsupportedOperationException e) {
                log.warn("executing {} layer by layer, without a plan, which is slower: {}", path, e.getMessage());
            }
        }
        return open(path, device, type, Engine.EAGER, files);
    }

    private static DiffusionPipeline open(Path path, Device device, DataType type, Engine engine, List<LoraFile> files)
            throws IOException {
        ModelFolder folder = ModelFolder.read(path);
        NDManager manager = Torch.newManager(device);
        try (Loras loras = Loras.read(files, manager, type)) {
            return new DiffusionPipeline(folder, manager, type, engine, loras);
        } catch (IOException | RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** A manager for the tensors of one step or sample; it frees them when it is closed. */
    public NDManager newManager() {
        return manager.newSubManager();
    }

    /**
     * Encodes prompts; for a model that draws classes, their numbers or names.
     *
     * @param manager owner of the result
     */
    public Conditioning encode(NDManager manager, List<String> texts) {
        return encode(manager, texts, 0);
    }

    /** The same without the last layers of a CLIP text encoder. */
    public Conditioning encode(NDManager manager, List<String> texts, int clipSkip) {
        return float32(prompts.encode(manager, texts, clipSkip));
    }

    /** Encodes negative prompts; an empty one is none. */
    public Conditioning encodeNegative(NDManager manager, List<String> texts) {
        return float32(prompts.encodeNegative(manager, texts));
    }

    /** See {@link Prompts#encodesPictures}. */
    public boolean encodesPictures() {
        return prompts.encodesPictures();
    }

    /** See {@link Prompts#encodePicture}. */
    public NDArray encodePicture(NDManager manager, RgbImage picture) {
        return prompts.encodePicture(manager, picture);
    }

    private static Conditioning float32(Conditioning conditioning) {
        return conditioning.map(part -> part.getDataType() == DataType.INT64 ? part : Ops.cast(part, DataType.FLOAT32));
    }

    /**
     * The states of some texts: (B, T, D).
     *
     * @throws IllegalArgumentException when the denoiser needs more conditioning than these
     */
    public NDArray encodeText(NDManager manager, List<String> texts) {
        Conditioning encoded = encode(manager, texts);
        if (encoded.states().isEmpty()
                || !encoded.pooled().isEmpty()
                || !encoded.mask().isEmpty()) {
            throw new IllegalArgumentException("the model is not conditioned by a text's states alone");
        }
        return encoded.states();
    }

    /**
     * The shape of one sample's latents, (1, L, h, w), or of a clip's (1, L, f, h, w).
     *
     * @throws IllegalArgumentException naming a side that is not a positive multiple of {@link #sizeStep()}, or frames
     *     that the model cannot make
     */
    public Shape latentShape(Geometry geometry) {
        requireMultiple("width", geometry.width());
        requireMultiple("height", geometry.height());
        return codec.latentShape(geometry);
    }

    /** The shape of what the denoiser is given for some samples: their latents, and what it takes beside them. */
    public Shape inputShape(int samples, Geometry geometry) {
        long[] shape = latentShape(geometry).getShape().clone();
        shape[0] = samples;
        shape[1] = denoiser.inChannels();
        return new Shape(shape);
    }

    /** Pixels of which sides must be multiples. */
    public int sizeStep() {
        return codec.downscale() * denoiser.divisor();
    }

    /** What the folder says of the model. */
    public About about() {
        return about;
    }

    /** The size that the model was trained with. */
    public Geometry defaultGeometry() {
        return about.geometry(family.geometry(denoiser, codec));
    }

    /** What clips the model makes; empty for a model of pictures. */
    public Optional<Codec.Clips> clips() {
        return codec.clips().map(own -> about.fps() == null ? own : own.withFramesPerSecond(about.fps()));
    }

    /** Steps and guidance of diffusers' pipeline where it is asked for nothing else. */
    public ModelFamily.Defaults defaults() {
        return family.defaults();
    }

    /** The work of a step. */
    public StepCost stepCost() {
        return family.stepCost(denoiser, codec);
    }

    /** Rows of the denoiser's batch that a sample with this guidance takes. */
    public int rows(double guidance) {
        return predictor.rows(guidance);
    }

    /** The noise schedule and the sampler that the folder describes. */
    public SchedulerConfig scheduler() {
        return scheduler;
    }

    /** The sampler of the folder's kind of pipeline. */
    public SamplerName defaultSampler() {
        return family.sampler(scheduler);
    }

    /**
     * The way from noise to a picture.
     *
     * @param sampler id, or empty for the one of the folder
     * @param eta of the sampler's noise, or empty for its own
     * @param strength 1 for all of the way
     */
    public Trajectory trajectory(Optional<String> sampler, Optional<Double> eta, int steps, double strength) {
        SamplerName name = sampler.map(SamplerName::of).orElseGet(this::defaultSampler);
        int made = Source.stepsMade(steps, strength);
        if (made < 1 || made > steps) {
            throw new IllegalArgumentException("strength must leave 1 to %d steps, was %s".formatted(steps, strength));
        }
        return name.sampler(scheduler, eta).lastSteps(steps, made);
    }

    /** Whether the denoiser takes a mask and a masked picture beside the latents. */
    public boolean takesMask() {
        return codec.clips().isEmpty() && denoiser.inChannels() != codec.channels();
    }

    /** Whether the model makes clips of a given first frame only. */
    public boolean requiresFirstFrame() {
        return codec.clips().filter(Codec.Clips::requiresFirstFrame).isPresent();
    }

    private void requireMultiple(String side, int size) {
        if (size <= 0 || size % sizeStep() != 0) {
            throw new IllegalArgumentException("%s must be a multiple of %d, was %d".formatted(side, sizeStep(), size));
        }
    }

    /** What the denoiser predicts with the states of texts and negative texts, and guidance. */
    public NDArray predict(NDArray latents, float[] timesteps, NDArray states, NDArray negative, float[] guidance) {
        Conditioning wanted = Conditioning.ofStates(states);
        return predict(
                latents, timesteps, wanted, Conditioning.ofStates(negative), guidance, new float[guidance.length]);
    }

    /**
     * What the denoiser predicts, with classifier-free guidance (Ho and Salimans, 2022): u + g·(c − u) of the
     * predictions c for what is wanted and u for what is not. Samples with guidance of 1 or less cost one prediction,
     * the others two; all are made in one call. A guidance-distilled denoiser is conditioned on g instead.
     *
     * @param latents (B, L, h, w) or (B, L, f, h, w)
     * @param timesteps one for each sample
     * @param guidance g, one for each sample
     * @param rescale φ of Lin et al. 2023 (arXiv:2305.08891), section 3.4, for each sample: the share by which the
     *     prediction is brought back to the deviation of c, so that much guidance does not overexpose; 0 for none
     * @return of the latents' shape, or twice the channels where the sampler needs the variance that the denoiser has
     *     learned
     */
    public NDArray predict(
            NDArray latents,
            float[] timesteps,
            Conditioning wanted,
            Conditioning unwanted,
            float[] guidance,
            float[] rescale) {
        NDArray out = predictor.predict(latents, timesteps, wanted, unwanted, guidance, rescale);
        boolean dropVariance = family.learnedVariance() != ModelFamily.LearnedVariance.USED
                && out.getShape().get(1) == 2L * codec.channels();
        return dropVariance ? out.split(2, 1).get(0) : out;
    }

    /** The frames of finished latents (B, L, h, w) or (B, L, f, h, w), those of each sample. */
    public List<Frames> decode(NDArray latents) {
        try (NDManager scratch = newManager()) {
            NDArray z = scratch.create(latents.getShape());
            latents.copyTo(z);
            return Frames.of(codec.decode(z));
        }
    }

    /** The file of a result, with the parameters that it was made with. */
    public Artifact artifact(Frames frames, Output output, String parameters) {
        double fps = output.fps() != null
                ? output.fps()
                : clips().map(Codec.Clips::framesPerSecond).orElse(0.0);
        return codec.artifact(frames, output, fps, parameters);
    }

    Codec codec() {
        return codec;
    }

    Predictor predictor() {
        return predictor;
    }

    /**
     * The file of a small, rough picture, or of a clip one that moves.
     *
     * @param latents of that shape, see {@link #latentShape}
     */
    public Artifact preview(float[] latents, Shape shape) {
        Frames frames = codec.preview().frames(latents, shape);
        if (frames.images().size() == 1) {
            return new Artifact(ImageEncoder.png(frames.first().toBufferedImage()), "image/png", "png");
        }
        Codec.Clips clips = clips().orElseThrow();
        Output animated = new Output(Output.Format.WEBP, Output.DEFAULT_QUALITY);
        return codec.artifact(frames, animated, clips.framesPerSecond() / clips.frameStep(), "");
    }

    @Override
    public void close() {
        prompts.close();
        planned.ifPresent(PlannedDenoiser::close);
        codec.close();
        manager.close();
    }
}
