package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.tensor.Ops;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A denoiser whose calls ONNX Runtime carries out. The first call with inputs of a size records it; sizes whose graphs are the
 * same share a plan, and with it the weights. A call that cannot be recorded is carried out by the denoiser itself.
 *
 * <p>A prediction has other last bits than the denoiser's own, but the same ones whatever else is in the batch.
 */
public final class PlannedDenoiser implements Denoiser, AutoCloseable {
    static final String RESULT = "out";

    /** Those of which all operations have kernels, by diffusers' names. */
    private static final Set<String> NETWORKS =
            Set.of("UNet2DConditionModel", "UNet2DModel", "DiTTransformer2DModel", "PixArtTransformer2DModel");

    private static final Logger log = LoggerFactory.getLogger(PlannedDenoiser.class);

    /** More than one, so that no side of another length is taken for the batch's. */
    private static final int BATCH = 2;

    /** The inputs of a graph, in this order, with those of their sides that may be any. */
    private enum Input {
        LATENTS("batch", null, "height", "width"),
        TIMESTEPS("batch"),
        STATES("batch", "tokens"),
        MASK("batch", "tokens"),
        POOLED("batch"),
        SIZES("batch"),
        LABELS("batch"),
        GUIDANCE("batch");

        private final String[] sides;

        Input(String... sides) {
            this.sides = sides;
        }
    }

    /** How inputs of one size are carried out, and what is added to them; without a plan the denoiser does it. */
    private record Call(Optional<Plan> plan, Map<String, NDArray> given) {}

    private final Denoiser denoiser;
    private final Weights weights;
    private final NDManager manager;
    private final Map<List<Shape>, Call> calls = new HashMap<>();
    private final Map<ByteBuffer, Plan> plans = new HashMap<>(); // by their graphs

    /**
     * @param denoiser with weights that are not packed
     * @param weights of it; they must live longer than this
     */
    public PlannedDenoiser(Denoiser denoiser, Weights weights) {
        this.denoiser = denoiser;
        this.weights = weights;
        this.manager = weights.manager().newSubManager();
    }

    /**
     * Why the weights of a folder cannot be planned, if so. ONNX Runtime arranges weights anew; the originals give their memory
     * back only where they are mapped from a file as they are.
     *
     * @param network diffusers' name of the denoiser's class
     * @param patched whether something is added to the weights
     */
    public static Optional<String> obstacle(
            String network, Path folder, NDManager manager, DataType type, boolean patched) throws IOException {
        if (!NETWORKS.contains(network)) {
            return Optional.of("there are no plans of " + network);
        }
        if (manager.getDevice().isGpu()) {
            return Optional.of("it computes on a GPU");
        }
        if (type != DataType.FLOAT32) {
            return Optional.of("it computes in " + type.name().toLowerCase(Locale.ROOT));
        }
        if (patched) {
            return Optional.of("LoRA files are merged into its weights");
        }
        return SafeTensors.list(folder).values().stream()
                .map(SafeTensors.Info::dtype)
                .filter(dtype -> !dtype.equals("F32"))
                .findFirst()
                .map(dtype -> "its file has weights of type " + dtype);
    }

    @Override
    public NDArray forward(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        Map<Input, NDArray> inputs = inputs(latents, timesteps, conditioning);
        Call call = call(inputs);
        if (call.plan.isEmpty()) {
            return denoiser.forward(latents, timesteps, conditioning);
        }
        Map<String, NDArray> named = new HashMap<>(call.given);
        inputs.forEach((input, array) -> named.put(input.name(), array));
        Shape shape = latents.getShape();
        return call.plan
                .get()
                .run(
                        latents.getManager(),
                        named,
                        new Shape(shape.get(0), denoiser.outChannels(), shape.get(2), shape.get(3)));
    }

    /** Records calls with inputs of this size and compiles them, so that the first one does not have to. */
    public void prepare(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        call(inputs(latents, timesteps, conditioning));
    }

    /** How many graphs have been compiled. */
    int plans() {
        return plans.size();
    }

    private static Map<Input, NDArray> inputs(NDArray latents, NDArray timesteps, Conditioning conditioning) {
        Map<Input, NDArray> inputs = new LinkedHashMap<>();
        inputs.put(Input.LATENTS, latents);
        inputs.put(Input.TIMESTEPS, timesteps);
        inputs.put(Input.STATES, conditioning.states());
        inputs.put(Input.MASK, conditioning.mask());
        inputs.put(Input.POOLED, conditioning.pooled());
        inputs.put(Input.SIZES, conditioning.sizes());
        inputs.put(Input.LABELS, conditioning.labels());
        inputs.put(Input.GUIDANCE, conditioning.guidance());
        inputs.values().removeIf(NDArray::isEmpty);
        return inputs;
    }

    private synchronized Call call(Map<Input, NDArray> inputs) {
        List<Shape> sizes = Arrays.stream(Input.values())
                .map(input ->
                        inputs.containsKey(input) ? inputs.get(input).getShape().slice(1) : new Shape(0))
                .toList();
        return calls.computeIfAbsent(sizes, _ -> record(inputs));
    }

    private Call record(Map<Input, NDArray> inputs) {
        try (var recorder = new Recorder(manager, weights.tensors().values())) {
            recorder.graph().output(RESULT, recorder.value(recorded(inputs, recorder)));
            byte[] graph = recorder.graph().bytes();
            Plan plan = plans.computeIfAbsent(
                    ByteBuffer.wrap(graph), _ -> Plan.of(graph, recorder.graph().weights()));
            weights.unload();
            return new Call(Optional.of(plan), recorder.given());
        } catch (UnsupportedOperationException e) {
            log.warn(
                    "latents of {} are denoised layer by layer, which takes longer: {}",
                    inputs.get(Input.LATENTS).getShape().slice(1),
                    e.getMessage());
            return new Call(Optional.empty(), Map.of());
        }
    }

    private NDArray recorded(Map<Input, NDArray> inputs, Recorder recorder) {
        Map<Input, NDArray> traced = new LinkedHashMap<>();
        inputs.forEach((input, array) -> {
            long[] sides = array.getShape().getShape().clone();
            sides[0] = BATCH;
            traced.put(input, recorder.input(input.name(), new Shape(sides), array.getDataType(), input.sides));
        });
        NDArray none = Ops.none();
        var conditioning = new Conditioning(
                traced.getOrDefault(Input.STATES, none),
                traced.getOrDefault(Input.MASK, none),
                traced.getOrDefault(Input.POOLED, none),
                traced.getOrDefault(Input.SIZES, none),
                traced.getOrDefault(Input.LABELS, none),
                traced.getOrDefault(Input.GUIDANCE, none),
                none);
        return denoiser.forward(traced.get(Input.LATENTS), traced.get(Input.TIMESTEPS), conditioning);
    }

    @Override
    public int inChannels() {
        return denoiser.inChannels();
    }

    @Override
    public int outChannels() {
        return denoiser.outChannels();
    }

    @Override
    public List<Integer> sampleSize() {
        return denoiser.sampleSize();
    }

    @Override
    public int divisor() {
        return denoiser.divisor();
    }

    @Override
    public int guidanceWidth() {
        return denoiser.guidanceWidth();
    }

    @Override
    public Sizes sizeNumbers() {
        return denoiser.sizeNumbers();
    }

    @Override
    public synchronized void close() {
        plans.values().forEach(Plan::close);
        manager.close();
    }
}
