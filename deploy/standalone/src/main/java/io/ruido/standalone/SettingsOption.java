package io.ruido.standalone;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The option of all commands that read settings. */
public final class SettingsOption {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Properties file with settings such as ruido.redis.uri; environment variables such as"
                    + " RUIDO_REDIS_URI override it.")
    private Path file;

    public Settings read() {
        return new Settings(Map.of(), System.getenv(), Optional.ofNullable(file));
    }
}
