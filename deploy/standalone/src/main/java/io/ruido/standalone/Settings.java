package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The sources of settings, highest precedence first.
 *
 * @param overrides settings from the command line or from run time, such as the port of an embedded server
 * @param environment the process's environment variables
 * @param file properties file, or none
 */
public record Settings(Map<String, String> overrides, Map<String, String> environment, Optional<Path> file) {
    public Settings {
        overrides = Map.copyOf(overrides);
        environment = Map.copyOf(environment);
        file.filter(Files::notExists).ifPresent(path -> {
            throw new IllegalArgumentException("settings file " + path + " does not exist");
        });
    }

    public Settings with(Map<String, String> more) {
        Map<String, String> merged = new HashMap<>(overrides);
        merged.putAll(more);
        return new Settings(merged, environment, file);
    }

    /**
     * Reads and checks all of them.
     *
     * @throws io.smallrye.config.ConfigValidationException naming every wrong setting at once
     */
    public RuidoConfig load() {
        try {
            return RuidoConfig.load(overrides, environment, file);
        } catch (IOException e) {
            throw new UncheckedIOException("settings file " + file.orElseThrow(), e);
        }
    }
}
