package io.ruido.standalone.generate;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.config.RuidoConfig.WorkerConfig.Dtype;
import io.ruido.tensor.Torch;
import java.util.Map;
import picocli.CommandLine.Option;

/** What a model computes on, and in which type. */
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
            description = "Of weights and of computing: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE}.")
    private Dtype dtype;

    /** @throws IllegalArgumentException when there is no such device */
    public Device device() {
        return Torch.device(device);
    }

    public DataType type() {
        return Torch.type(dtype.name());
    }

    /** The same as settings of a worker. */
    public Map<String, String> settings() {
        return Map.of("ruido.worker.device", device, "ruido.worker.dtype", dtype.name());
    }
}
