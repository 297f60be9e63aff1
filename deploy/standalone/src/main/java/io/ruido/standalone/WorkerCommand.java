package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.process.Foreground;
import io.ruido.process.Startup;
import io.ruido.worker.Models;
import io.ruido.worker.Worker;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "worker",
        mixinStandardHelpOptions = true,
        description = "Runs a worker alone; the settings name the addresses of Kafka, Redis and S3.")
final class WorkerCommand implements Callable<Integer> {
    @Mixin
    private SettingsOption settings;

    @Override
    public Integer call() throws Exception {
        RuidoConfig config = settings.read().load();
        Startup.prepare(config);
        Foreground.run(Worker.start(config, Models.fetchAndRead(config)));
        return 0;
    }
}
