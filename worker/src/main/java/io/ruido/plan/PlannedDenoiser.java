package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.plan.Planned.Input;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A denoiser whose calls ONNX Runtime executes. A prediction has other last bits than the denoiser's own, but the same
 * ones whatever else is in the batch.
 */
public final class PlannedDenoiser implements Denoiser, AutoCloseable {
    /** The networks whose operations all have kernels, by diffusers' names. */
    private static final Set<String> NETWORKS =
            Set.of("UNet2DConditionModel", "UNet2DModel", "DiTTransformer2DModel", "PixArtTransformer2DModel");

    private static final Input LATENTS = new Input("latents", "batch", null, "height", "width");
    private static final Input TIMESTEPS = new Input("timesteps", "batch");
    private static final Input STATES = new Input("states", "batch", "tokens");
    private static final Input MASK = new Input("mask", "batch", "tokens");
    private static final Input POOLED = new Input("pooled", "batch");
    private static final Input SIZES = new Input("sizes", "batch");
    private static final Input LABELS = new Input("labels", "batch");
    private static final Input GUIDANCE = new Input("guidance", "batch");

    private final Denoiser denoiser;
    private final Planned planned;

    /**
     * @param denoiser with weights as they are stored, see {@link Weights#stored}
     * @param weights its weights; they must live longer than this
     */
    public PlannedDenoiser(Denoiser denoiser, Weights weights) {
        this.denoiser = denoiser;
        this.planned = new Planned(inputs -> forward(denoiser, inputs), weights);
    }

    /**
     * Returns why a denoiser cannot be planned, if so.
     *
     * @param network diffusers' name of the denoiser's class
     * @param folder folder of its weights
     */
    public static Optional<String> obstacle(String network, Path folder, NDManager manager, DataType type)
            throws IOException {
        if (!NETWORKS.contains(network)) {
            return Optional.of("there are no plans of " + network);
        }
        return Planned.obstacle(folder, manager, type);
    }

    private static NDArray forward(Denoiser denoiser, Map<Input, NDArray> inputs) {
        NDArray none = Ops.none();
        var conditioning = new Conditioning(
                inputs.getOrDefault(STATES, none),
                inputs.getOrDefault(MASK, none),
                inputs.getOrDefault(POOLED, none),
                inputs.getOrDefault(SIZES, none),
                inputs.getOrDefault(LABELS, none),
                inputs.getOrDefault(GUIDANCE, none),
                none,
                none); // denoisers of clips are not planned
        return denoiser.forward(inputs.get(LATENTS), inputs.get(TIMESTEPS), conditioning);
    }

    private static Map<Input, NDArray> inputs(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        Map<Input, NDArray> inputs = new LinkedHashMap<>();
        inputs.put(LATENTS, latents);
        inputs.put(TIMESTEPS, timesteps);
        inputs.put(STATES, conditioning.states());
        inputs.put(MASK, conditioning.mask());
        inputs.put(POOLED, conditioning.pooled());
        inputs.put(SIZES, conditioning.sizes());
        inputs.put(LABELS, conditioning.labels());
        inputs.put(GUIDANCE, conditioning.guidance());
        inputs.values().removeIf(NDArray::isEmpty);
        return inputs;
    }

    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        Shape shape = latents.getShape();
        return planned.call(
                latents.getManager(),
                inputs(latents, timesteps, conditioning),
                new Shape(shape.get(0), denoiser.config().outChannels(), shape.get(2), shape.get(3)));
    }

    /**
     * Compiles the plan for calls with inputs of this size, so that the first one does not have to.
     *
     * @throws UnsupportedOperationException naming the operation that cannot be planned
     */
    public void prepare(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        planned.prepare(inputs(latents, timesteps, conditioning));
    }

    /** Returns how many graphs have been compiled. */
    int plans() {
        return planned.plans();
    }

    @Override
    public Config config() {
        return denoiser.config();
    }

    @Override
    public int guidanceWidth() {
        return denoiser.guidanceWidth();
    }

    @Override
    public boolean canTile() {
        return denoiser.canTile();
    }

    @Override
    public Sizes sizeNumbers() {
        return denoiser.sizeNumbers();
    }

    @Override
    public void close() {
        planned.close();
    }
}
