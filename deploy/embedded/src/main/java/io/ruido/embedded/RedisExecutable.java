package io.ruido.embedded;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.error.OsArchitectureNotFound;
import redis.embedded.model.OsArchitecture;

/**
 * The Redis to run: the newest of the bundled one and the machine's own Redis or Valkey, which its distribution keeps
 * up to date. The version that has written a folder is stored in it, because an older one could not read it.
 */
record RedisExecutable(String command, String name, Version version) {
    private static final Logger log = LoggerFactory.getLogger(RedisExecutable.class);
    private static final List<String> ON_PATH = List.of("valkey-server", "redis-server");
    private static final Pattern SAID = Pattern.compile("(Redis|Valkey) server v=(\\d+)\\.(\\d+)\\.(\\d+)");
    private static final String WRITTEN_BY = "server-version";

    /** The first 6.2 with fixes for Lua's security bugs of 2025, such as CVE-2025-49844. */
    private static final Version FIXED = new Version(6, 2, 20);

    record Version(int major, int minor, int patch) implements Comparable<Version> {
        @Override
        public int compareTo(Version other) {
            return Comparator.comparingInt(Version::major)
                    .thenComparingInt(Version::minor)
                    .thenComparingInt(Version::patch)
                    .compare(this, other);
        }

        @Override
        public String toString() {
            return major + "." + minor + "." + patch;
        }
    }

    /**
     * Returns the executable to start; the bundled one is unpacked into the folder.
     *
     * @throws IllegalStateException when this machine runs none, or none that can read the data in the folder
     */
    static String find(Path folder) throws IOException {
        List<RedisExecutable> found = new ArrayList<>();
        Optional<RedisExecutable> bundled = unpack(folder).map(Path::toString).flatMap(RedisExecutable::ask);
        bundled.ifPresent(found::add);
        ON_PATH.stream().map(RedisExecutable::ask).flatMap(Optional::stream).forEach(found::add);
        RedisExecutable newest = found.stream()
                .max(Comparator.comparing(RedisExecutable::version))
                .orElseThrow(() -> new IllegalStateException(
                        "The bundled Redis does not run on this machine and there is no redis-server or valkey-server"
                                + " on the PATH: install one, for instance with the packages redis-server (Debian) or"
                                + " redis (Homebrew)"));
        checkReads(folder, newest);
        boolean own = bundled.isEmpty() || newest != bundled.get();
        log.info("{} {} {}", newest.name, newest.version, own ? "of this machine, the newest one" : "as bundled");
        if (newest.version.compareTo(FIXED) < 0) {
            log.info(
                    "this Redis lacks the 2025 Lua security fixes (exploitable only with the password); install a newer"
                            + " redis-server or valkey-server to use it instead");
        }
        return newest.command;
    }

    private static void checkReads(Path folder, RedisExecutable server) throws IOException {
        Path file = folder.resolve(WRITTEN_BY);
        Optional<RedisExecutable> writer = Files.exists(file) ? parse("", Files.readString(file)) : Optional.empty();
        if (writer.isPresent() && writer.get().version.compareTo(server.version) > 0) {
            throw new IllegalStateException(
                    "%s %s has written %s, and the newest on this machine is %s %s: install %s or newer"
                            .formatted(
                                    writer.get().name,
                                    writer.get().version,
                                    folder,
                                    server.name,
                                    server.version,
                                    writer.get().version));
        }
        PrivateFolder.write(file, "%s server v=%s%n".formatted(server.name, server.version));
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

    /** Returns the version of a command, or empty when it does not run. */
    private static Optional<RedisExecutable> ask(String command) {
        try {
            Process process = new ProcessBuilder(command, "--version")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? parse(command, said) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while trying " + command, e);
        }
    }

    /**
     * Parses the output of a command.
     *
     * @param said for example {@code Redis server v=6.2.11 sha=…}
     */
    static Optional<RedisExecutable> parse(String command, String said) {
        Matcher matcher = SAID.matcher(said);
        return matcher.find()
                ? Optional.of(new RedisExecutable(
                        command,
                        matcher.group(1),
                        new Version(
                                Integer.parseInt(matcher.group(2)),
                                Integer.parseInt(matcher.group(3)),
                                Integer.parseInt(matcher.group(4)))))
                : Optional.empty();
    }
}
