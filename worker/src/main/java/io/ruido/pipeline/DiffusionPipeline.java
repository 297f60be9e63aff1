package io.ruido.pipeline;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.SchedulerConfig;
import io.ruido.model.AutoencoderKL;
import io.ruido.model.UNet2DConditionModel;
import io.ruido.nn.Ops;
import io.ruido.nn.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A text-to-image model in the folder layout of diffusers' {@code StableDiffusionPipeline}: its text encoder, its denoiser
 * and its autoencoder. The loop over timesteps belongs to the caller, who may batch samples that are at different steps.
 *
 * <p>B batch, L latent channels, h and w sides of the latents, T context tokens, D their width. Latents and results are
 * float32, whatever the weights are. Results belong to the manager of the latents.
 */
public final class DiffusionPipeline implements AutoCloseable {
    private static final Map<String, String> PARTS = Map.of(
            "unet", "UNet2DConditionModel",
            "vae", "AutoencoderKL",
            "text_encoder", "BertModel");

    private final NDManager manager;
    private final TextEncoder textEncoder;
    private final UNet2DConditionModel unet;
    private final AutoencoderKL vae;
    private final LatentPreview preview;
    private final DataType type;
    private final SchedulerConfig scheduler;

    private DiffusionPipeline(Path folder, NDManager manager, DataType type) throws IOException {
        this.manager = manager;
        this.type = type;
        unet = UNet2DConditionModel.read(folder.resolve("unet"), manager, type);
        vae = AutoencoderKL.read(folder.resolve("vae"), manager, type);
        textEncoder = TextEncoder.read(folder, manager, type);
        scheduler = SchedulerConfig.read(folder.resolve("scheduler/scheduler_config.json"));
        preview = LatentPreview.fit(vae, manager, type);
    }

    /**
     * Reads a model.
     *
     * @param type of weights and of computing: FLOAT32 is the fastest on a CPU
     * @throws IOException naming the file that is missing or malformed
     * @throws IllegalArgumentException naming the part, setting or tensor that is not supported
     */
    public static DiffusionPipeline read(Path folder, Device device, DataType type) throws IOException {
        checkParts(ModelFolder.read(folder));
        NDManager manager = Torch.newManager(device);
        try {
            return new DiffusionPipeline(folder, manager, type);
        } catch (IOException | RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** @throws IllegalArgumentException naming the part that is not supported */
    static void checkParts(ModelFolder folder) {
        PARTS.forEach((part, supported) -> {
            String found = folder.part(part).orElse("absent");
            if (!found.equals(supported)) {
                throw new IllegalArgumentException(
                        "%s: %s is %s; supported: %s".formatted(folder.path(), part, found, supported));
            }
        });
    }

    /** A manager for the tensors of one step or sample; it frees them when it is closed. */
    public NDManager newManager() {
        return manager.newSubManager();
    }

    /** The states of some texts: (B, T, D). */
    public NDArray encodeText(NDManager manager, List<String> texts) {
        return Ops.cast(textEncoder.encode(manager, texts), DataType.FLOAT32);
    }

    /**
     * The shape (1, L, h, w) of one sample's latents.
     *
     * @throws IllegalArgumentException when a side is not a positive multiple of {@link #sizeStep()}
     */
    public Shape latentShape(int width, int height) {
        requireMultiple("width", width);
        requireMultiple("height", height);
        int downscale = vae.config().downscale();
        return new Shape(1, unet.config().inChannels(), height / downscale, width / downscale);
    }

    /** Sides of pictures must be multiples of this many pixels. */
    public int sizeStep() {
        return vae.config().downscale() * unet.config().divisor();
    }

    /** Side of the pictures that the model was trained with. */
    public int defaultSize() {
        return unet.config().sampleSize().getFirst() * vae.config().downscale();
    }

    /** Steps that diffusers' pipeline makes by default. */
    public int defaultSteps() {
        return 50;
    }

    /** Guidance of diffusers' pipeline by default. */
    public double defaultGuidance() {
        return 7.5;
    }

    /** The noise schedule and the sampler that the folder describes. */
    public SchedulerConfig scheduler() {
        return scheduler;
    }

    private void requireMultiple(String side, int size) {
        if (size <= 0 || size % sizeStep() != 0) {
            throw new IllegalArgumentException("%s must be a multiple of %d, was %d".formatted(side, sizeStep(), size));
        }
    }

    /**
     * What the denoiser predicts, without guidance.
     *
     * @param latents (B, L, h, w)
     * @param timesteps one for each sample
     * @param context (B, T, D)
     * @return (B, L, h, w)
     */
    public NDArray predict(NDArray latents, float[] timesteps, NDArray context) {
        NDManager scratch = latents.getManager();
        NDArray out = unet.forward(cast(latents), scratch.create(timesteps), cast(context));
        return Ops.cast(out, DataType.FLOAT32);
    }

    /**
     * What the denoiser predicts, with classifier-free guidance (Ho and Salimans, 2022): u + g·(c − u) of the predictions c
     * for the text and u for the negative text. Samples with guidance 1 cost one prediction, the others two; all are made
     * in one call.
     *
     * @param negative the negative texts' states (B, T, D)
     * @param guidance g, one for each sample
     */
    public NDArray predict(NDArray latents, float[] timesteps, NDArray context, NDArray negative, float[] guidance) {
        int batch = guidance.length;
        int[] guided = IntStream.range(0, batch).filter(i -> guidance[i] != 1).toArray();
        if (guided.length == 0) {
            return predict(latents, timesteps, context);
        }
        float[] allTimesteps = new float[batch + guided.length];
        System.arraycopy(timesteps, 0, allTimesteps, 0, batch);
        for (int i = 0; i < guided.length; i++) {
            allTimesteps[batch + i] = timesteps[guided[i]];
        }
        NDArray all =
                predict(latents.concat(rows(latents, guided)), allTimesteps, context.concat(rows(negative, guided)));
        NDArray c = all.get(new NDIndex(":{}", batch));
        NDArray u = all.get(new NDIndex("{}:", batch));
        NDArray g = latents.getManager().create(guidance, new Shape(batch, 1, 1, 1));
        NDArray spread = guided.length == batch ? u : spread(c, u, guided);
        return c.sub(spread).mul(g).add(spread);
    }

    private static NDArray rows(NDArray array, int[] indices) {
        return indices.length == array.getShape().get(0)
                ? array
                : array.get(array.getManager().create(indices));
    }

    /** For each sample its own u, or c where there is none. */
    private static NDArray spread(NDArray c, NDArray u, int[] guided) {
        List<NDArray> samples = new ArrayList<>();
        for (int i = 0, next = 0; i < c.getShape().get(0); i++) {
            samples.add(next < guided.length && guided[next] == i ? u.get(next++) : c.get(i));
        }
        return NDArrays.stack(new NDList(samples));
    }

    /** Pictures of finished latents (B, L, h, w). */
    public List<RgbImage> decode(NDArray latents) {
        try (NDManager scratch = newManager()) {
            NDArray z = scratch.create(latents.getShape());
            latents.copyTo(z);
            NDArray unscaled =
                    z.div(vae.config().scalingFactor()).add(vae.config().shiftFactor());
            NDArray pictures = Ops.cast(vae.decode(cast(unscaled)), DataType.FLOAT32);
            return images(pictures.transpose(0, 2, 3, 1));
        }
    }

    /** Small, rough pictures, one pixel for each of the latents (B, L, h, w). */
    public List<RgbImage> preview(NDArray latents) {
        try (NDManager scratch = newManager()) {
            NDArray z = scratch.create(latents.getShape());
            latents.copyTo(z);
            return images(preview.colours(z));
        }
    }

    /** (B, H, W, 3) in −1…1 */
    private static List<RgbImage> images(NDArray pictures) {
        int count = (int) pictures.getShape().get(0);
        int height = (int) pictures.getShape().get(1);
        int width = (int) pictures.getShape().get(2);
        byte[] bytes = pictures.div(2)
                .add(0.5)
                .clip(0, 1)
                .mul(255)
                .round()
                .toType(DataType.UINT8, false)
                .toByteArray();
        int size = 3 * width * height;
        return IntStream.range(0, count)
                .mapToObj(i -> new RgbImage(width, height, Arrays.copyOfRange(bytes, i * size, (i + 1) * size)))
                .toList();
    }

    private NDArray cast(NDArray array) {
        return Ops.cast(array, type);
    }

    @Override
    public void close() {
        textEncoder.close();
        manager.close();
    }
}
