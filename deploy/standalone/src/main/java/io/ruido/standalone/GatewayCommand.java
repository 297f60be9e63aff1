package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import io.ruido.process.Foreground;
import io.ruido.process.Startup;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "gateway",
        mixinStandardHelpOptions = true,
        description = "Runs a gateway alone; the settings name the addresses of Kafka, Redis and S3.")
final class GatewayCommand implements Callable<Integer> {
    @Mixin
    private SettingsOption settings;

    @Override
    public Integer call() throws Exception {
        RuidoConfig config = settings.read().load();
        Startup.prepare(config);
        Foreground.run(Gateway.start(config)::shutDown);
        return 0;
    }
}
