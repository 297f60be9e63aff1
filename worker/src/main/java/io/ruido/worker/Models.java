package io.ruido.worker;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.config.RuidoConfig;
import io.ruido.config.RuidoConfig.WorkerConfig;
import io.ruido.plan.Engine;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** The models that this worker serves: every folder that has a {@code model_index.json}. */
public final class Models implements AutoCloseable {
    private final Map<String, Model> byName;
    private final Device device;
    private final ExecutorService side;

    private Models(Map<String, Model> byName, Device device, ExecutorService side) {
        this.byName = byName;
        this.device = device;
        this.side = side;
    }

    /**
     * As {@link #read}, once the folder has the models of {@code ruido.worker.model-source}.
     *
     * @throws IOException also when a model cannot be fetched
     */
    public static Models fetchAndRead(RuidoConfig config) throws IOException {
        ModelDownload.run(config);
        return read(config.worker());
    }

    /**
     * @throws IOException when there is no model, or one of them cannot be read
     * @throws IllegalArgumentException when there is no such device
     */
    public static Models read(WorkerConfig config) throws IOException {
        config.threads().ifPresent(Torch::setThreads);
        Device device = Torch.device(config.device());
        DataType type = Torch.type(config.dtype().name());
        Engine engine = Engine.valueOf(config.engine().name().toUpperCase(Locale.ROOT));
        Path folder = config.models();
        List<Path> folders;
        try (Stream<Path> children = Files.list(folder)) {
            folders = children.filter(child -> Files.exists(child.resolve("model_index.json")))
                    .filter(child -> config.modelNames()
                            .map(names -> names.contains(child.getFileName().toString()))
                            .orElse(true))
                    .sorted()
                    .toList();
        }
        for (String name : config.modelNames().orElse(List.of())) {
            if (!folders.contains(folder.resolve(name))) {
                throw new IOException("ruido.worker.model-names: no model %s in %s".formatted(name, folder));
            }
        }
        if (folders.isEmpty()) {
            throw new IOException("no model in " + folder.toAbsolutePath()
                    + ": ruido.worker.models must have a diffusers folder for each model");
        }
        ExecutorService side = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("text-and-pictures").factory());
        Map<String, Model> byName = new LinkedHashMap<>();
        for (Path child : folders) {
            Model model = Model.read(child, device, type, engine, side);
            byName.put(model.card().name(), model);
        }
        return new Models(byName, device, side);
    }

    /** @throws IllegalArgumentException when this worker does not serve it */
    Model get(String name) {
        Model model = byName.get(name);
        if (model == null) {
            throw new IllegalArgumentException("model: must be one of %s, was %s".formatted(byName.keySet(), name));
        }
        return model;
    }

    /** That all models are on. */
    Device device() {
        return device;
    }

    Collection<Model> all() {
        return byName.values();
    }

    @Override
    public void close() {
        side.close();
        byName.values().forEach(Model::close);
    }
}
