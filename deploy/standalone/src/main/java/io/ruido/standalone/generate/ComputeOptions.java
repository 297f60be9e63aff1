package io.ruido.standalone.generate;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.config.WorkerConfig;
import io.ruido.config.WorkerConfig.Dtype;
import io.ruido.plan.Engine;
import io.ruido.tensor.Torch;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options for the device and data type of a model. */
public final class ComputeOptions {
    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "cpu",
            description = "cpu, cuda or cuda:N; ${DEFAULT-VALUE}.")
    private String device;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "Type of weights and computation: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE}.")
    private Dtype dtype;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = "plan",
            description = "What executes a denoiser's calls: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE}.")
    private WorkerConfig.Engine engine;

    /** @throws IllegalArgumentException when there is no such device */
    public Device device() {
        return Torch.device(device);
    }

    public DataType type() {
        return Torch.type(dtype.name());
    }

    public Engine engine() {
        return Engine.valueOf(engine.name().toUpperCase(Locale.ROOT));
    }

    /** Returns the options as settings of a worker. */
    public Map<String, String> settings() {
        return Map.of(
                "ruido.worker.device", device,
                "ruido.worker.dtype", dtype.name(),
                "ruido.worker.engine", engine.name());
    }
}
