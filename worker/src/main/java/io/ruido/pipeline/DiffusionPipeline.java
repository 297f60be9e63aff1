package io.ruido.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Trajectory;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.Denoisers;
import io.ruido.model.autoencoder.AutoencoderKL;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.pipeline.lora.LoraFile;
import io.ruido.pipeline.lora.Loras;
import io.ruido.pipeline.text.Prompts;
import io.ruido.pipeline.text.TextEncoder;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A model in the folder layout of one of diffusers' pipelines: what conditions its denoiser, the denoiser, and the
 * autoencoder of its latents, if it has one. The loop over timesteps belongs to the caller, who may batch samples that are
 * at different steps.
 *
 * <p>B batch, L latent channels, h and w sides of the latents, T context tokens, D their width. Latents and results are
 * float32, whatever the weights are. Results belong to the manager of the latents.
 */
public final class DiffusionPipeline implements AutoCloseable {
    private static final int COLOURS = 3;

    private final PipelineKind kind;
    private final NDManager manager;
    private final DataType type;
    private final Prompts prompts;
    private final Denoiser denoiser;
    private final Predictor predictor;
    private final Optional<AutoencoderKL> vae;
    private final LatentPreview preview;
    private final SchedulerConfig scheduler;

    private DiffusionPipeline(ModelFolder folder, NDManager manager, DataType type, Loras loras) throws IOException {
        this.manager = manager;
        this.type = type;
        kind = PipelineKind.of(folder);
        scheduler = kind.scheduler(folder);
        defaultSampler().sampler(scheduler); // which refuses settings that it does not know
        denoiser = denoiser(folder, loras);
        vae = kind.latent() ? Optional.of(AutoencoderKL.read(folder.folder("vae"), manager, type)) : Optional.empty();
        prompts = prompts(folder, loras);
        loras.rejectUnused();
        predictor = new Predictor(denoiser, type, pixels());
        checkChannels();
        preview = vae.isPresent()
                ? LatentPreview.fit(vae.get(), manager, type)
                : LatentPreview.ofPixels(denoiser.inChannels());
    }

    private Denoiser denoiser(ModelFolder folder, Loras loras) throws IOException {
        Path path = folder.folder(kind.denoiser());
        return Denoisers.read(folder.part(kind.denoiser()).orElseThrow(), path, loras.weights(path));
    }

    private Prompts prompts(ModelFolder folder, Loras loras) throws IOException {
        return switch (kind) {
            case STABLE_DIFFUSION, LATENT_CONSISTENCY -> TextEncoder.read(folder.path(), manager, type, loras);
            case STABLE_DIFFUSION_XL -> XlPrompts.read(folder, loras);
            case DDPM, DDIM -> (scratch, texts, clipSkip) -> Conditioning.none();
            case DIT ->
                new ClassPrompts(
                        folder, ((DiTTransformer2DModel) denoiser).config().numEmbedsAdaNorm());
            case PIXART_ALPHA -> PixArtPrompts.read(folder, 120, manager, type);
            case PIXART_SIGMA -> PixArtPrompts.read(folder, 300, manager, type);
        };
    }

    private void checkChannels() {
        int in = latentChannels();
        int out = denoiser.outChannels();
        boolean variance = out == 2 * in && kind != PipelineKind.STABLE_DIFFUSION;
        boolean inpainting = denoiser.inChannels() == 2 * in + 1;
        if (denoiser.inChannels() != in && !inpainting || out != in && !variance) {
            throw new IllegalArgumentException("%s takes %d channels and gives %d, but latents have %d"
                    .formatted(kind.denoiser(), denoiser.inChannels(), out, in));
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
        ModelFolder folder = ModelFolder.read(path);
        NDManager manager = Torch.newManager(device);
        try (Loras loras = Loras.read(files, manager, type)) {
            return new DiffusionPipeline(folder, manager, type, loras);
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
     * What some texts tell the denoiser; of a model that draws classes, their numbers or names.
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

    /** The same for what pictures shall not show; an empty text is none. */
    public Conditioning encodeNegative(NDManager manager, List<String> texts) {
        return float32(prompts.encodeNegative(manager, texts));
    }

    private static Conditioning float32(Conditioning conditioning) {
        return conditioning.map(part -> part.getDataType() == DataType.INT64 ? part : Ops.cast(part, DataType.FLOAT32));
    }

    /**
     * The states of some texts: (B, T, D).
     *
     * @throws IllegalArgumentException when the denoiser must be told more than these
     */
    public NDArray encodeText(NDManager manager, List<String> texts) {
        Conditioning encoded = encode(manager, texts);
        if (encoded.states().isEmpty()
                || !encoded.pooled().isEmpty()
                || !encoded.mask().isEmpty()) {
            throw new IllegalArgumentException(
                    "a model of kind %s is not conditioned by a text's states alone".formatted(kind));
        }
        return encoded.states();
    }

    /**
     * The shape (1, L, h, w) of one sample's latents.
     *
     * @throws IllegalArgumentException when a side is not a positive multiple of {@link #sizeStep()}
     */
    public Shape latentShape(int width, int height) {
        requireMultiple("width", width);
        requireMultiple("height", height);
        return new Shape(1, latentChannels(), height / pixels(), width / pixels());
    }

    /** The shape of what the denoiser is given for some samples: their latents, and what it takes beside them. */
    public Shape inputShape(int samples, int width, int height) {
        Shape latents = latentShape(width, height);
        return new Shape(samples, denoiser.inChannels(), latents.get(2), latents.get(3));
    }

    private int latentChannels() {
        return vae.isPresent() ? vae.get().config().latentChannels() : denoiser.inChannels();
    }

    /** Pixels of the picture for one of the latents, along each side. */
    private int pixels() {
        return vae.isPresent() ? vae.get().config().downscale() : 1;
    }

    /** Sides of pictures must be multiples of this many pixels. */
    public int sizeStep() {
        return pixels() * denoiser.divisor();
    }

    /** Width of the pictures that the model was trained with. */
    public int defaultWidth() {
        return denoiser.sampleSize().getLast() * pixels();
    }

    /** Height of the pictures that the model was trained with. */
    public int defaultHeight() {
        return denoiser.sampleSize().getFirst() * pixels();
    }

    /** Steps that diffusers' pipeline makes by default. */
    public int defaultSteps() {
        return kind.steps();
    }

    /** Guidance of diffusers' pipeline by default. */
    public double defaultGuidance() {
        return kind.guidance();
    }

    /** The noise schedule and the sampler that the folder describes. */
    public SchedulerConfig scheduler() {
        return scheduler;
    }

    /** The sampler of the folder's kind of pipeline. */
    public SamplerName defaultSampler() {
        return kind == PipelineKind.DDIM ? SamplerName.DDIM : SamplerName.defaultFor(scheduler);
    }

    /**
     * The way from noise to a picture.
     *
     * @param sampler id, or empty for the one of the folder
     * @param strength 1 for all of the way
     */
    public Trajectory trajectory(Optional<String> sampler, int steps, double strength) {
        SamplerName name = sampler.map(SamplerName::of).orElseGet(this::defaultSampler);
        return name.sampler(scheduler).trajectory(steps, strength);
    }

    /** What diffusers draws noise in for this model. */
    TorchRandom.Precision noisePrecision() {
        return switch (type) {
            case FLOAT16 -> TorchRandom.Precision.FLOAT16;
            case BFLOAT16 -> TorchRandom.Precision.BFLOAT16;
            default -> TorchRandom.Precision.FLOAT32;
        };
    }

    /** Whether the denoiser takes a mask and a masked picture beside the latents. */
    public boolean takesMask() {
        return denoiser.inChannels() != latentChannels();
    }

    private void requireMultiple(String side, int size) {
        if (size <= 0 || size % sizeStep() != 0) {
            throw new IllegalArgumentException("%s must be a multiple of %d, was %d".formatted(side, sizeStep(), size));
        }
    }

    /** What the denoiser predicts with a text's states, without guidance. */
    public NDArray predict(NDArray latents, float[] timesteps, NDArray states) {
        return predictor.predict(latents, timesteps, Conditioning.ofStates(states));
    }

    /** The same with the states of texts and negative texts, and guidance. */
    public NDArray predict(NDArray latents, float[] timesteps, NDArray states, NDArray negative, float[] guidance) {
        Conditioning wanted = Conditioning.ofStates(states);
        return predict(
                latents, timesteps, wanted, Conditioning.ofStates(negative), guidance, new float[guidance.length]);
    }

    /**
     * What the denoiser predicts, with classifier-free guidance (Ho and Salimans, 2022): u + g·(c − u) of the predictions c
     * for what is wanted and u for what is not. Samples with guidance of 1 or less cost one prediction, the others two; all
     * are made in one call. A denoiser that has learned guidance is told g instead.
     *
     * @param latents (B, L, h, w)
     * @param timesteps one for each sample
     * @param guidance g, one for each sample
     * @param rescale φ of Lin et al. 2023 (arXiv:2305.08891), section 3.4, for each sample: the share by which the
     *     prediction is brought back to the deviation of c, so that much guidance does not overexpose; 0 for none
     * @return (B, L, h, w), or twice the channels where the sampler needs the variance that the denoiser has learned
     */
    public NDArray predict(
            NDArray latents,
            float[] timesteps,
            Conditioning wanted,
            Conditioning unwanted,
            float[] guidance,
            float[] rescale) {
        NDArray out = predictor.predict(latents, timesteps, wanted, unwanted, guidance, rescale);
        boolean dropVariance = vae.isPresent() && out.getShape().get(1) == 2L * latentChannels();
        return dropVariance ? out.split(2, 1).get(0) : out;
    }

    /** Pictures of finished latents (B, L, h, w). */
    public List<RgbImage> decode(NDArray latents) {
        try (NDManager scratch = newManager()) {
            NDArray z = scratch.create(latents.getShape());
            latents.copyTo(z);
            if (vae.isEmpty()) {
                return images(z.transpose(0, 2, 3, 1));
            }
            NDArray unscaled = z.div(vae.get().config().scalingFactor());
            NDArray pictures = Ops.cast(vae.get().decode(Ops.cast(unscaled, type)), DataType.FLOAT32);
            return images(pictures.transpose(0, 2, 3, 1));
        }
    }

    /**
     * The distribution of latents that stand for pictures, before scaling.
     *
     * @param pictures (B, 3, H, W) in −1…1
     */
    AutoencoderKL.Posterior encodePictures(NDArray pictures) {
        AutoencoderKL.Posterior posterior = vae.orElseThrow(
                        () -> new IllegalArgumentException("image: the model has no autoencoder"))
                .encode(Ops.cast(pictures, type));
        return new AutoencoderKL.Posterior(
                Ops.cast(posterior.mean(), DataType.FLOAT32), Ops.cast(posterior.logvar(), DataType.FLOAT32));
    }

    /** What latents are multiplied with after encoding. */
    double scalingFactor() {
        return vae.orElseThrow().config().scalingFactor();
    }

    /**
     * A small, rough picture.
     *
     * @param latents (1, L, h, w)
     */
    public RgbImage preview(float[] latents, Shape shape) {
        return preview.picture(latents, (int) shape.get(3), (int) shape.get(2));
    }

    /** (B, H, W, 3), or 1 for grey, in −1…1 */
    private static List<RgbImage> images(NDArray pictures) {
        Shape shape = pictures.getShape();
        int count = (int) shape.get(0);
        int height = (int) shape.get(1);
        int width = (int) shape.get(2);
        NDArray coloured = shape.get(3) == 1 ? pictures.repeat(3, COLOURS) : pictures;
        byte[] bytes = coloured.div(2)
                .add(0.5)
                .clip(0, 1)
                .mul(255)
                .round()
                .toType(DataType.UINT8, false)
                .toByteArray();
        int size = COLOURS * width * height;
        return IntStream.range(0, count)
                .mapToObj(i -> new RgbImage(width, height, Arrays.copyOfRange(bytes, i * size, (i + 1) * size)))
                .toList();
    }

    @Override
    public void close() {
        prompts.close();
        manager.close();
    }
}
