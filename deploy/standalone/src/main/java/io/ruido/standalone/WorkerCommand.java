package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.worker.Worker;
import picocli.CommandLine.Command;

@Command(
        name = "worker",
        mixinStandardHelpOptions = true,
        description = "Runs a worker alone; the settings name the addresses of Kafka, Redis and S3.")
final class WorkerCommand extends ServiceCommand {
    @Override
    AutoCloseable start(RuidoConfig config) throws Exception {
        return Worker.start(config);
    }
}
