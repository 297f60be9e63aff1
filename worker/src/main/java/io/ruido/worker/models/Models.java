package io.ruido.worker.models;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.config.RuidoConfig;
import io.ruido.config.WorkerConfig;
import io.ruido.job.UnavailableModel;
import io.ruido.plan.Engine;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that this worker serves: every folder that has a {@code model_index.json} and can be read. A folder that
 * cannot be read is skipped, and the reason is kept.
 */
public final class Models implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Models.class);

    private final Map<String, Model> byName;
    private final List<UnavailableModel> unavailable;
    private final Device device;
    private final ExecutorService side;

    private Models(Map<String, Model> byName, List<UnavailableModel> unavailable, Device device, ExecutorService side) {
        this.byName = byName;
        this.unavailable = unavailable;
        this.device = device;
        this.side = side;
    }

    /**
     * Downloads the models of {@code ruido.worker.model-source}, if it is set, and reads them like {@link #read}.
     *
     * @throws IOException also when the bucket does not answer
     */
    public static Models fetchAndRead(RuidoConfig config) throws IOException {
        return read(config.worker(), ModelDownload.run(config));
    }

    /**
     * Reads all models. There may be none that can be served.
     *
     * @throws IllegalArgumentException when there is no such device
     */
    public static Models read(WorkerConfig config) throws IOException {
        return read(config, List.of());
    }

    /** @param refused models that could not be fetched, and are not read */
    private static Models read(WorkerConfig config, List<UnavailableModel> refused) throws IOException {
        config.threads().ifPresent(Torch::setThreads);
        Device device = Torch.device(config.device());
        DataType type = Torch.type(config.dtype().name());
        Engine engine = Engine.valueOf(config.engine().name().toUpperCase(Locale.ROOT));
        long begin = System.nanoTime();
        ExecutorService side = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("text-and-pictures").daemon().factory());
        Map<String, Model> byName = new LinkedHashMap<>();
        List<UnavailableModel> unavailable = new ArrayList<>(refused);
        for (String name : names(config)) {
            Path folder = config.models().resolve(name);
            if (unavailable.stream().noneMatch(model -> model.name().equals(name))) {
                try {
                    byName.put(name, Model.read(folder, device, type, engine, side));
                } catch (IOException | RuntimeException e) {
                    unavailable.add(new UnavailableModel(name, reason(e)));
                    log.debug("model {}", name, e);
                }
            }
        }
        unavailable.forEach(
                model -> log.error("model {} is unavailable and skipped: {}", model.name(), model.reason()));
        log.info("read models {} in {} ms", byName.keySet(), (System.nanoTime() - begin) / 1_000_000);
        return new Models(byName, unavailable, device, side);
    }

    /** Returns the configured models, or every folder that has a {@code model_index.json}. */
    private static List<String> names(WorkerConfig config) throws IOException {
        if (config.modelNames().isPresent()) {
            return config.modelNames().get();
        }
        if (Files.notExists(config.models())) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(config.models())) {
            return children.filter(child -> Files.exists(child.resolve("model_index.json")))
                    .map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private static String reason(Exception fault) {
        return fault instanceof NoSuchFileException missing && missing.getReason() == null
                ? "no such file: " + missing.getFile()
                : String.valueOf(fault.getMessage());
    }

    /** Returns whether no model can be served. */
    public boolean isEmpty() {
        return byName.isEmpty();
    }

    /** Returns the models that were skipped. */
    public List<UnavailableModel> unavailable() {
        return List.copyOf(unavailable);
    }

    /**
     * Returns a model.
     *
     * @throws IllegalArgumentException when this worker does not serve it
     */
    public Model get(String name) {
        Model model = byName.get(name);
        if (model == null) {
            throw new IllegalArgumentException("model: must be one of %s, was %s".formatted(byName.keySet(), name));
        }
        return model;
    }

    /** Returns the device of all models. */
    public Device device() {
        return device;
    }

    public Collection<Model> all() {
        return byName.values();
    }

    @Override
    public void close() {
        side.close();
        byName.values().forEach(Model::close);
    }
}
