package io.ruido.process;

import io.ruido.config.RuidoConfig;
import io.ruido.config.TrustedCertificates;
import io.smallrye.config.ConfigValidationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts a process that runs one part of Ruido, or ends it when the start fails. */
public final class Startup {
    private static final int FAILED = 1;

    private Startup() {}

    /** Starts a service that runs until the process is stopped. */
    @FunctionalInterface
    public interface Part {
        /** @return the service, which is closed at the end */
        AutoCloseable start(RuidoConfig config) throws Exception;
    }

    /**
     * Runs a part until a signal ends the process. The settings come from the environment and from the file named by
     * the argument. A failure at the start is logged and ends the process; its supervisor restarts it.
     *
     * @param name name of the part, for {@code --help}
     */
    public static void run(String name, String[] arguments, Part part) {
        if (List.of(arguments).contains("--help")) {
            System.out.printf(
                    "Usage: %s [FILE]%nSettings come from the properties file and from the environment, which wins:"
                            + " ruido.redis.uri is RUIDO_REDIS_URI.%n",
                    name);
            return;
        }
        try {
            RuidoConfig config = RuidoConfig.load(Map.of(), System.getenv(), file(arguments));
            prepare(config);
            Foreground.run(part.start(config));
        } catch (ConfigValidationException | IllegalArgumentException | IllegalStateException | IOException e) {
            System.err.printf("%s cannot start: %s%n", name, e.getMessage());
            System.exit(FAILED);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(FAILED);
        }
    }

    private static Optional<Path> file(String[] arguments) throws IOException {
        if (arguments.length == 0) {
            return Optional.empty();
        }
        Path file = Path.of(arguments[0]);
        if (Files.notExists(file)) {
            throw new IOException("no settings file " + file);
        }
        return Optional.of(file);
    }

    /** Applies the settings of the whole process. It must be called before anything is started. */
    public static void prepare(RuidoConfig config) throws IOException {
        Logs.configure(config.logging());
        if (config.trustedCertificates().isPresent()) {
            TrustedCertificates.install(config.trustedCertificates().get());
        }
    }
}
