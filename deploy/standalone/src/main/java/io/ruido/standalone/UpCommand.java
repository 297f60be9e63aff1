package io.ruido.standalone;

import io.ruido.process.Foreground;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = "Runs Kafka, Redis, S3, a gateway and a worker in one process until Ctrl-C. A server"
                + " whose address is in the settings is used instead of starting one.")
final class UpCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(UpCommand.class);

    @Mixin
    private SettingsOption settings;

    @Option(names = "--port", paramLabel = "PORT", description = "Port of the page and the API; 0 takes a free one.")
    private Integer port;

    @Option(names = "--open", description = "Open the page in a browser.")
    private boolean open;

    @Override
    public Integer call() throws Exception {
        Map<String, String> given = port == null ? Map.of() : Map.of("ruido.gateway.port", String.valueOf(port));
        Standalone standalone = Standalone.start(settings.read().with(given));
        log.info("ready after {} ms", ManagementFactory.getRuntimeMXBean().getUptime());
        System.out.println("Ruido is at " + standalone.address());
        if (open) {
            Desktop.open(standalone.address().toString());
        }
        Foreground.run(standalone);
        return 0;
    }
}
