package io.ruido.worker.models;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.adapter.Adapters;
import io.ruido.diffusion.NotFiniteException;
import io.ruido.diffusion.SampleState;
import io.ruido.image.ImageEncoder;
import io.ruido.job.Artifact;
import io.ruido.job.Hires;
import io.ruido.job.Infotext;
import io.ruido.job.ModelCard;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.Prompting;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.Guide;
import io.ruido.pipeline.InitialLatents;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.LatentUpscaler;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.lora.Lora;
import io.ruido.pipeline.text.TextualInversion;
import io.ruido.plan.Engine;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A model as the worker runs it: texts, floats and images, no tensors. */
public final class Model implements AutoCloseable {
    /** Of a job's encoded texts: they are one value in Redis, and each image has them in memory. */
    private static final long MAX_TEXT_BYTES = 32L << 20;

    private final ModelCard card;
    private final DiffusionPipeline pipeline;
    private final ExecutorService side;
    private final LoadedLoras loras;

    private Model(ModelCard card, DiffusionPipeline pipeline, ExecutorService side) {
        this.card = card;
        this.pipeline = pipeline;
        this.side = side;
        this.loras = new LoadedLoras(file -> aside(_ -> lora(pipeline, file)), LoadedLoras.KEPT);
    }

    private static Lora lora(DiffusionPipeline pipeline, Path file) {
        try {
            return pipeline.lora(file);
        } catch (IOException e) {
            throw unreadable(e.getMessage(), e);
        }
    }

    /** A file that is gone may have been replaced since it was looked up, so the caller can try again. */
    private static RuntimeException unreadable(String message, IOException e) {
        return e instanceof NoSuchFileException
                ? new UncheckedIOException(message, e)
                : new IllegalArgumentException(message, e);
    }

    /**
     * @param folder in diffusers' layout; its name is the model's
     * @param type of weights and of computing
     * @param engine what carries out the denoiser's calls
     * @param side one platform thread for texts and images: each thread that calls torch gets a pool of its own
     */
    public static Model read(Path folder, Device device, DataType type, Engine engine, ExecutorService side)
            throws IOException {
        DiffusionPipeline pipeline = DiffusionPipeline.read(folder, device, type, engine, List.of());
        try {
            return new Model(ModelCards.read(folder, pipeline), pipeline, side);
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    public ModelCard card() {
        return card;
    }

    /** The encoded texts of a job with plain prompts. */
    public Conditioning encode(String prompt, String negativePrompt) {
        return encode(prompt, negativePrompt, Prompting.PLAIN, List.of(1), List.of(), List.of());
    }

    /**
     * The encoded texts of a job.
     *
     * @param steps of each pass of the job, in whose course a text can change
     * @param loras added to the layers of text encoders
     * @param embeddings whose names are in the prompts
     * @throws IllegalArgumentException when the model can only be asked for other things
     */
    public Conditioning encode(
            String prompt,
            String negativePrompt,
            Prompting prompting,
            List<Integer> steps,
            List<AppliedLora> loras,
            List<EmbeddingLibrary.Use> embeddings) {
        return aside(manager -> {
            List<TextualInversion> read =
                    embeddings.stream().map(use -> read(use, manager)).toList();
            return new TextEncoding(pipeline, manager, prompting, loras, read, MAX_TEXT_BYTES)
                    .encode(prompt, negativePrompt, steps);
        });
    }

    private static TextualInversion read(EmbeddingLibrary.Use use, NDManager manager) {
        try {
            return TextualInversion.read(use.file(), use.name(), manager);
        } catch (IOException e) {
            throw unreadable("prompt: cannot read embedding %s: %s".formatted(use.name(), e.getMessage()), e);
        }
    }

    /** Whether the image that a clip begins with is a part of its conditioning. */
    public boolean encodesImages() {
        return pipeline.promptEncoder().encodesImages();
    }

    /** The states of the image that a clip begins with; none unless {@link #encodesImages}. */
    public Conditioning.Part encode(RgbImage image) {
        return aside(manager -> TextEncoding.part(pipeline.promptEncoder().encodeImage(manager, image)));
    }

    /** Reads low-rank additions for this model. */
    public LoadedLoras loras() {
        return loras;
    }

    /**
     * What an image begins with, and the way from there.
     *
     * @throws IllegalArgumentException naming what the model cannot do
     */
    public SampleState start(SamplingParams params, Optional<SampleRequest.Source> source) {
        SampleRequest request = request(params, source);
        return source.isPresent()
                ? aside(_ -> Adapters.during(params.tiling(), () -> InitialLatents.of(pipeline, request)))
                : InitialLatents.of(pipeline, request);
    }

    /**
     * What a second pass begins with: the enlarged image of the first, and noise.
     *
     * @param latents that the first pass gave
     * @param first parameters of the first pass
     * @param second parameters of the second pass
     */
    public SampleState enlarge(float[] latents, SamplingParams first, Hires hires, SamplingParams second) {
        return switch (hires.upscaler()) {
            case LATENT ->
                InitialLatents.of(
                        pipeline,
                        request(second, Optional.empty()),
                        LatentUpscaler.bilinear(
                                latents,
                                pipeline.latentShape(first.geometry()),
                                pipeline.latentShape(second.geometry()),
                                first.tiling()),
                        hires.strength());
            case LANCZOS -> {
                RgbImage image = aside(manager -> pipeline.decode(latents(manager, latents, first), first.tiling())
                                .getFirst())
                        .first();
                RgbImage enlarged = first.tiling()
                        ? image.tileResized(hires.width(), hires.height())
                        : image.resized(hires.width(), hires.height());
                yield start(
                        second, Optional.of(new SampleRequest.Source(enlarged, hires.strength(), Optional.empty())));
            }
        };
    }

    private static SampleRequest request(SamplingParams params, Optional<SampleRequest.Source> source) {
        return new SampleRequest(
                "",
                "",
                params.seeds(),
                params.steps(),
                Optional.of(params.sampler()),
                params.guidanceScale(),
                0,
                params.geometry(),
                0,
                source,
                Optional.ofNullable(params.eta()),
                params.churn(),
                Optional.empty());
    }

    /**
     * Restores an image that another attempt has started.
     *
     * @throws IllegalArgumentException saying why it cannot resume from these bytes
     */
    public SampleState resume(SamplingParams params, byte[] saved) {
        double strength = params.source() == null ? 1 : params.source().strength();
        return SampleState.restore(
                pipeline.trajectory(
                        Optional.of(params.sampler()),
                        Optional.ofNullable(params.eta()),
                        params.churn(),
                        params.steps(),
                        strength),
                saved);
    }

    /**
     * The denoiser's output, with guidance, for each of these samples of one geometry and the same numbers of tokens.
     *
     * <p>Samples with low-rank additions are not mixed with others: their layers are called one by one.
     */
    public float[][] predict(List<DenoiserInput> batch) {
        SamplingParams params = batch.getFirst().params();
        int size = batch.size();
        float[] timesteps = new float[size];
        float[] guidance = new float[size];
        for (int i = 0; i < size; i++) {
            timesteps[i] = batch.get(i).timestep();
            guidance[i] = (float) batch.get(i).params().guidanceScale();
        }
        try (NDManager manager = pipeline.newManager()) {
            NDArray latents = Torch.tensor(
                    manager, joined(batch, DenoiserInput::latents), pipeline.inputShape(size, params.geometry()));
            float[] outputs = pipeline.predict(
                            latents,
                            timesteps,
                            guides(manager, batch),
                            conditioning(manager, batch, Conditioning.Current::unwanted),
                            guidance,
                            batch.stream().map(DenoiserInput::loras).toList(),
                            params.tiling())
                    .toFloatArray();
            int each = outputs.length / size;
            return IntStream.range(0, size)
                    .mapToObj(i -> Arrays.copyOfRange(outputs, i * each, (i + 1) * each))
                    .toArray(float[][]::new);
        }
    }

    /** Each of the texts of all samples, with its weight for each sample. */
    private static List<Guide> guides(NDManager manager, List<DenoiserInput> batch) {
        List<Guide> guides = new ArrayList<>();
        int texts = batch.getFirst().conditioning().wanted().size();
        for (int k = 0; k < texts; k++) {
            int text = k;
            float[] weights = new float[batch.size()];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = batch.get(i).conditioning().weights().get(k).floatValue();
            }
            guides.add(new Guide(
                    conditioning(manager, batch, current -> current.wanted().get(text)), weights));
        }
        return guides;
    }

    private static io.ruido.model.Conditioning conditioning(
            NDManager manager, List<DenoiserInput> batch, Function<Conditioning.Current, Conditioning.Encoded> which) {
        Function<Function<Conditioning.Encoded, Conditioning.Part>, NDArray> rows =
                part -> rows(manager, batch, sample -> part.apply(which.apply(sample.conditioning())));
        return io.ruido.model.Conditioning.ofStates(rows.apply(Conditioning.Encoded::states))
                .withMask(whole(rows.apply(Conditioning.Encoded::mask)))
                .withPooled(rows.apply(Conditioning.Encoded::pooled))
                .withLabels(whole(rows.apply(Conditioning.Encoded::labels)))
                .withFirstFrameClean(firstFrameClean(manager, batch))
                .withImage(rows(manager, batch, sample -> sample.conditioning().image()));
    }

    /** Marks the samples (B) whose first frame is given; an absent tensor when there is none. */
    private static NDArray firstFrameClean(NDManager manager, List<DenoiserInput> batch) {
        float[] clean = new float[batch.size()];
        for (int i = 0; i < clean.length; i++) {
            clean[i] = batch.get(i).firstFrameClean() ? 1 : 0;
        }
        return batch.stream().anyMatch(DenoiserInput::firstFrameClean) ? manager.create(clean) : Ops.none();
    }

    /** One part of all samples, (B, …). */
    private static NDArray rows(
            NDManager manager, List<DenoiserInput> batch, Function<DenoiserInput, Conditioning.Part> part) {
        Conditioning.Part first = part.apply(batch.getFirst());
        if (first.isNone()) {
            return Ops.none();
        }
        long[] shape = LongStream.concat(
                        LongStream.of(batch.size()), first.shape().stream().mapToLong(Integer::longValue))
                .toArray();
        return Torch.tensor(manager, joined(batch, sample -> part.apply(sample).values()), new Shape(shape));
    }

    private static NDArray whole(NDArray numbers) {
        return numbers.isEmpty() ? numbers : numbers.toType(DataType.INT64, false);
    }

    private static float[] joined(List<DenoiserInput> batch, Function<DenoiserInput, float[]> part) {
        float[][] parts = batch.stream().map(part).toArray(float[][]::new);
        FloatBuffer all = FloatBuffer.allocate(parts.length * parts[0].length);
        for (float[] values : parts) {
            all.put(values);
        }
        return all.array();
    }

    /**
     * What a finished image becomes.
     *
     * @param artifact its file, with its parameters
     * @param thumbnail the first frame of a clip as PNG
     */
    public record Result(Artifact artifact, Optional<Artifact> thumbnail) {}

    public Result result(float[] latents, SamplingJob job) {
        Frames frames = aside(manager -> pipeline.decode(
                        latents(manager, latents, job.lastPass()), job.params().tiling())
                .getFirst());
        Artifact artifact = pipeline.artifact(frames, job.params().output(), Infotext.of(job, 0));
        return new Result(
                artifact,
                frames.images().size() == 1
                        ? Optional.empty()
                        : Optional.of(Artifact.thumbnail(
                                ImageEncoder.png(frames.first().toBufferedImage()))));
    }

    /** A small, rough image of latents, which moves where it is of a clip. */
    public Artifact preview(float[] latents, SamplingParams params) {
        return pipeline.preview(latents, pipeline.latentShape(params.geometry()));
    }

    /** Rows of the denoiser's batch that a sample takes. */
    public int rows(SamplingParams params, Conditioning.Current conditioning) {
        return conditioning.plain()
                ? pipeline.rows(params.guidanceScale())
                : conditioning.wanted().size() + 1;
    }

    private NDArray latents(NDManager manager, float[] latents, SamplingParams params) {
        return manager.create(latents, pipeline.latentShape(params.geometry()));
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
            switch (e.getCause()) {
                case IllegalArgumentException refused -> throw refused;
                case NotFiniteException notFinite -> throw notFinite;
                case UncheckedIOException unreadable -> throw unreadable;
                default -> {}
            }
            throw new IllegalStateException(
                    "model " + card.name() + " failed: " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        loras.close();
        pipeline.close();
    }
}
