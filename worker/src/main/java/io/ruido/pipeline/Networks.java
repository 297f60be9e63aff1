package io.ruido.pipeline;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.adapter.Adapters;
import io.ruido.model.Denoiser;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.pipeline.family.Codec;
import io.ruido.pipeline.family.ModelFamily;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.family.Parts;
import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.lora.Lora;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The weights of a model's networks, and calls of the networks with LoRAs beside the weights. */
final class Networks {
    private static final Logger log = LoggerFactory.getLogger(Networks.class);
    private static final int DEFAULT_LAYERS = 2;

    private final ModelFamily family;
    private final ModelFolder folder;
    private final NDManager manager;
    private final DataType type;
    private final Map<String, Weights> weights = new ConcurrentHashMap<>(); // by subfolder
    private final List<AppliedLora> commonLoras = new ArrayList<>();
    private Predictor layered; // created when it is first needed

    Networks(ModelFamily family, ModelFolder folder, NDManager manager, DataType type) {
        this.family = family;
        this.folder = folder;
        this.manager = manager;
        this.type = type;
    }

    /** Reads a network's weights, arranged for the eager engine. */
    Weights packed(Path path) throws IOException {
        return remember(path, Weights.read(path, manager, type).packed());
    }

    /** Reads a network's weights, for a plan. */
    Weights stored(Path path) throws IOException {
        return remember(path, Weights.stored(path, manager));
    }

    private Weights remember(Path path, Weights read) {
        weights.put(path.getFileName().toString(), read);
        return read;
    }

    /** Returns the weights that were read from a folder. */
    Weights weights(Path path) {
        return weights.get(path.getFileName().toString());
    }

    /** Returns the denoiser's folder if it can be planned. */
    Optional<Path> plannable() throws IOException {
        Optional<String> part = Stream.of("unet", "transformer")
                .filter(name -> folder.part(name).isPresent())
                .findFirst();
        if (part.isEmpty()) {
            log.info("executing {} layer by layer, without a plan: it has no unet or transformer", folder.path());
            return Optional.empty();
        }
        String network = folder.part(part.get()).orElseThrow();
        Path path = folder.folder(part.get());
        Optional<String> obstacle = PlannedDenoiser.obstacle(network, path, manager, type);
        obstacle.ifPresent(reason -> log.info("executing {} layer by layer, without a plan: {}", path, reason));
        return obstacle.isPresent() ? Optional.empty() : Optional.of(path);
    }

    /** @throws IllegalArgumentException when the denoiser and the latents do not fit together */
    static void checkChannels(Denoiser denoiser, Codec codec, ModelFamily family) {
        int in = codec.channels();
        int out = denoiser.config().outChannels();
        boolean variance = out == 2 * in && family.learnedVariance() != ModelFamily.LearnedVariance.REFUSED;
        if (!codec.inputChannels().contains(denoiser.config().inChannels()) || out != in && !variance) {
            throw new IllegalArgumentException("the denoiser has %d input and %d output channels; supported: %s and %d"
                    .formatted(denoiser.config().inChannels(), out, new TreeSet<>(codec.inputChannels()), in));
        }
    }

    /** See {@link DiffusionPipeline#lora}. */
    Lora lora(Path file, Denoiser denoiser) throws IOException {
        int layers = denoiser instanceof UNet2DConditionModel unet ? unet.firstLevelLayers() : DEFAULT_LAYERS;
        return Lora.read(file, manager, type, weights, layers);
    }

    /** Adds a LoRA to all calls. */
    void addToAllCalls(AppliedLora lora) {
        commonLoras.add(lora);
    }

    /** Returns empty lists of LoRAs for each row. */
    static List<List<AppliedLora>> none(int rows) {
        return Collections.nCopies(rows, List.of());
    }

    /**
     * Calls text encoders.
     *
     * @param added LoRAs for each row of the batch
     */
    <T> T encode(List<List<AppliedLora>> added, Supplier<T> call) {
        List<List<AppliedLora>> rows = withCommonLoras(added);
        return rows.stream().allMatch(List::isEmpty)
                ? call.get()
                : adapters(rows, false).during(call);
    }

    /**
     * Calls the denoiser. With LoRAs, and seamless, its layers are called one by one.
     *
     * @param predictor of the pipeline, used as it is unless there are LoRAs or it is seamless
     * @param added to the layers, for each row of the batch
     * @param seamless whether the opposite border of the latents is beyond a border
     * @param call uses the predictor that it is given
     */
    <T> T denoise(Predictor predictor, List<List<AppliedLora>> added, boolean seamless, Function<Predictor, T> call) {
        List<List<AppliedLora>> rows = withCommonLoras(added);
        if (!seamless && rows.stream().allMatch(List::isEmpty)) {
            return call.apply(predictor);
        }
        Predictor eager = layered(predictor);
        return adapters(rows, seamless).during(() -> call.apply(eager));
    }

    private List<List<AppliedLora>> withCommonLoras(List<List<AppliedLora>> added) {
        return commonLoras.isEmpty()
                ? added
                : added.stream()
                        .map(row -> Stream.concat(commonLoras.stream(), row.stream())
                                .toList())
                        .toList();
    }

    private Adapters adapters(List<List<AppliedLora>> rows, boolean seamless) {
        List<Adapters.Network> networks = new ArrayList<>();
        weights.forEach((part, layers) -> networks.add(new Adapters.Network(
                layers,
                rows.stream()
                        .map(row -> row.stream().map(lora -> lora.of(part)).toList())
                        .toList())));
        return new Adapters(networks, seamless);
    }

    /** Calls the denoiser layer by layer. Where it is planned, its weights are read once more for that. */
    private synchronized Predictor layered(Predictor predictor) {
        if (!(predictor.denoiser() instanceof PlannedDenoiser)) {
            return predictor;
        }
        if (layered == null) {
            try {
                Map<Path, Weights> read = new HashMap<>(); // assigned last, when all modules are known
                Parts parts = new Parts(folder, manager, type, Engine.EAGER, path -> {
                    Weights packed = Weights.read(path, manager, type).packed();
                    read.put(path, packed);
                    return packed;
                });
                layered = new Predictor(family.denoiser(parts), type, predictor.pixels());
                read.forEach(this::remember);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the denoiser's weights: " + e.getMessage(), e);
            }
        }
        return layered;
    }
}
