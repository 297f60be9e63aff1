package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import picocli.CommandLine.Command;

@Command(
        name = "gateway",
        mixinStandardHelpOptions = true,
        description = "Runs a gateway alone; the settings name the addresses of Kafka, Redis and S3.")
final class GatewayCommand extends ServiceCommand {
    @Override
    AutoCloseable start(RuidoConfig config) throws Exception {
        return Gateway.start(config)::shutDown;
    }
}
