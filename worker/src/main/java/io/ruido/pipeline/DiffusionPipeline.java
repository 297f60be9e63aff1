package io.ruido.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.adapter.Adapters;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.image.ImageEncoder;
import io.ruido.job.Artifact;
import io.ruido.job.Churn;
import io.ruido.job.Geometry;
import io.ruido.job.Output;
import io.ruido.job.Source;
import io.ruido.job.StepCost;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelDescription;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.lora.Lora;
import io.ruido.pipeline.lora.LoraFile;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
    private final Networks networks;
    private final PromptEncoder promptEncoder;
    private final Denoiser denoiser;
    private final Optional<PlannedDenoiser> planned;
    private final Predictor predictor;
    private final Codec codec;
    private final SchedulerConfig scheduler;
    private final ModelDescription description;

    private DiffusionPipeline(ModelFolder folder, NDManager manager, DataType type, Engine engine) throws IOException {
        this.manager = manager;
        description = ModelDescription.read(folder.path());
        family = ModelFamilies.of(folder);
        scheduler = family.scheduler(folder);
        defaultSampler().sampler(scheduler); // which refuses settings that it does not know
        networks = new Networks(family, folder, manager, type);
        Optional<Path> plannable = engine == Engine.PLAN ? networks.plannable() : Optional.empty();
        Parts parts = new Parts(
                folder,
                manager,
                type,
                engine,
                path -> plannable.filter(path::equals).isPresent() ? networks.stored(path) : networks.packed(path));
        denoiser = family.denoiser(parts);
        planned = plannable.map(path -> new PlannedDenoiser(denoiser, networks.weights(path)));
        codec = family.codec(parts, denoiser);
        promptEncoder = new PromptEncoder(family.prompts(parts, denoiser), networks);
        predictor = new Predictor(planned.isPresent() ? planned.get() : denoiser, type, codec.downscale());
        Networks.checkChannels(denoiser, codec, family);
        prepare();
    }

    /** Compiles the plan for images of the usual size, so that the first step does not have to. */
    private void prepare() {
        if (planned.isPresent()) {
            try (NDManager scratch = newManager()) {
                List<Integer> sides = denoiser.config().sides();
                NDArray latents =
                        scratch.zeros(new Shape(1, denoiser.config().inChannels(), sides.getFirst(), sides.getLast()));
                predictor.prepare(planned.get(), latents, promptEncoder.encodeNegative(scratch, List.of("")));
            }
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
     * Reads a model and low-rank additions for all that it makes.
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
        try {
            DiffusionPipeline pipeline = new DiffusionPipeline(folder, manager, type, engine);
            for (LoraFile file : files) {
                pipeline.networks.addToAllCalls(pipeline.lora(file.file()).with(file.weight()));
            }
            return pipeline;
        } catch (IOException | RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /**
     * Reads low-rank additions for this model, which single calls can name.
     *
     * @throws IllegalArgumentException naming a module that the model has no place for
     */
    public Lora lora(Path file) throws IOException {
        return networks.lora(file, denoiser);
    }

    /** A manager for the tensors of one step or sample; it frees them when it is closed. */
    public NDManager newManager() {
        return manager.newSubManager();
    }

    /** Encodes this model's prompts. */
    public PromptEncoder promptEncoder() {
        return promptEncoder;
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
        shape[1] = denoiser.config().inChannels();
        return new Shape(shape);
    }

    /** Pixels of which sides must be multiples. */
    public int sizeStep() {
        return codec.downscale() * denoiser.config().divisor();
    }

    /** Returns the content of the folder's {@code ruido.yaml}. */
    public ModelDescription description() {
        return description;
    }

    /** The size that the model was trained with. */
    public Geometry defaultGeometry() {
        return description.geometry(family.geometry(denoiser, codec));
    }

    /** What clips the model makes; empty for a model of images. */
    public Optional<Codec.Clips> clips() {
        return codec.clips().map(own -> description.fps() == null ? own : own.withFramesPerSecond(description.fps()));
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
     * The way from noise to an image.
     *
     * @param sampler id, or empty for the one of the folder
     * @param eta of the sampler's noise, or empty for its own
     * @param churn noise before steps
     * @param strength 1 for all of the way
     */
    public Trajectory trajectory(
            Optional<String> sampler, Optional<Double> eta, Churn churn, int steps, double strength) {
        SamplerName name = sampler.map(SamplerName::of).orElseGet(this::defaultSampler);
        int made = Source.stepsMade(steps, strength);
        if (made < 1 || made > steps) {
            throw new IllegalArgumentException("strength must leave 1 to %d steps, was %s".formatted(steps, strength));
        }
        return name.sampler(scheduler, eta, churn.settings()).lastSteps(steps, made);
    }

    /** Whether the denoiser takes a mask and a masked image beside the latents. */
    public boolean takesMask() {
        return codec.clips().isEmpty() && denoiser.config().inChannels() != codec.channels();
    }

    /** Whether results can begin with an image. */
    public boolean beginsWithImages() {
        return codec.encodes();
    }

    /** Whether results can be without seams. */
    public boolean canTile() {
        return denoiser.canTile();
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
        return withoutVariance(networks.denoise(
                predictor,
                Networks.none((int) predictor.samplesOfRows(guidance).count()),
                false,
                by -> by.predict(latents, timesteps, wanted, unwanted, guidance, rescale)));
    }

    /**
     * The same with several texts for each sample, of which each may have another number of tokens: u + g·Σ wᵢ·(cᵢ − u); with
     * low-rank additions to the denoiser's layers; and without seams. A sample's result does not depend on those of the others;
     * but with additions to any of them, and without seams, the layers are called one by one, which changes last bits.
     *
     * @param added for each sample
     * @param seamless whether the opposite border of the latents is beyond a border
     */
    public NDArray predict(
            NDArray latents,
            float[] timesteps,
            List<Guide> guides,
            Conditioning unwanted,
            float[] guidance,
            List<List<AppliedLora>> added,
            boolean seamless) {
        Guide first = guides.getFirst();
        if (guides.size() > 1 || !first.hasUnitWeights() || !first.hasLengthOf(unwanted)) {
            return withoutVariance(networks.denoise(
                    predictor, added, seamless, by -> by.predict(latents, timesteps, guides, unwanted, guidance)));
        }
        List<List<AppliedLora>> rows =
                predictor.samplesOfRows(guidance).mapToObj(added::get).toList();
        float[] rescale = new float[guidance.length];
        return withoutVariance(networks.denoise(
                predictor,
                rows,
                seamless,
                by -> by.predict(latents, timesteps, first.text(), unwanted, guidance, rescale)));
    }

    private NDArray withoutVariance(NDArray out) {
        boolean dropVariance = family.learnedVariance() != ModelFamily.LearnedVariance.USED
                && out.getShape().get(1) == 2L * codec.channels();
        return dropVariance ? out.split(2, 1).get(0) : out;
    }

    /** The frames of finished latents (B, L, h, w) or (B, L, f, h, w), those of each sample. */
    public List<Frames> decode(NDArray latents) {
        return decode(latents, false);
    }

    /** @param seamless whether the opposite border of the latents is beyond a border */
    public List<Frames> decode(NDArray latents, boolean seamless) {
        try (NDManager scratch = newManager()) {
            NDArray z = scratch.create(latents.getShape());
            latents.copyTo(z);
            return Adapters.during(seamless, () -> codec.decode(z));
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
     * The file of a small, rough image, or of a clip one that moves.
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
        promptEncoder.close();
        planned.ifPresent(PlannedDenoiser::close);
        codec.close();
        manager.close();
    }
}
