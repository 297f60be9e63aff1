package io.ruido.embedded;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.error.OsArchitectureNotFound;
import redis.embedded.model.OsArchitecture;

/**
 * Which Redis to run. The bundled one comes first, because an append-only file that a newer Redis of the machine's has
 * rewritten cannot be read by an older one.
 */
final class RedisExecutable {
    private static final Logger log = LoggerFactory.getLogger(RedisExecutable.class);
    private static final String ON_PATH = "redis-server";

    private RedisExecutable() {}

    /** The bundled executable, unpacked into the folder, or the name of one on the PATH. */
    static String find(Path folder) throws IOException {
        Optional<String> bundled = unpack(folder).map(Path::toString).filter(RedisExecutable::runs);
        if (bundled.isPresent()) {
            return bundled.get();
        }
        if (!runs(ON_PATH)) {
            throw new IllegalStateException(
                    "The bundled Redis does not run on this machine and there is no redis-server on the PATH:"
                            + " install one, for instance with the packages redis-server (Debian) or redis (Homebrew)");
        }
        log.info("The bundled Redis does not run on this machine, using redis-server from the PATH");
        return ON_PATH;
    }

    private static Optional<Path> unpack(Path folder) throws IOException {
        String name = bundledName();
        if (name == null) {
            return Optional.empty();
        }
        Path executable = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
        if (Files.notExists(executable)) {
            Path partial = Files.createTempFile(folder, "redis-server", null);
            try (InputStream resource = ExecutableProvider.class.getResourceAsStream(name)) {
                if (resource == null) {
                    throw new FileNotFoundException("no " + name + " in the embedded-redis jar");
                }
                Files.copy(resource, partial, StandardCopyOption.REPLACE_EXISTING);
            }
            if (!partial.toFile().setExecutable(true)) {
                throw new IOException("cannot make " + partial + " executable");
            }
            Files.move(partial, executable, StandardCopyOption.ATOMIC_MOVE);
        }
        return Optional.of(executable);
    }

    private static String bundledName() {
        try {
            return ExecutableProvider.newProvidedVersionsMap().get(OsArchitecture.detectOSandArchitecture());
        } catch (OsArchitectureNotFound e) {
            return null;
        }
    }

    private static boolean runs(String executable) {
        try {
            Process process = new ProcessBuilder(executable, "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while trying " + executable, e);
        }
    }
}
