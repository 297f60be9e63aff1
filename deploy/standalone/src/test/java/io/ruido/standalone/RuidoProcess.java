package io.ruido.standalone;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The command line in a JVM of its own, so that a test can send it signals. */
final class RuidoProcess implements AutoCloseable {
    private static final String GREETING = "Ruido is at ";

    private final Process process;

    private RuidoProcess(Process process) {
        this.process = process;
    }

    static RuidoProcess start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Ruido.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(new File("target/ruido-process.log"));
        builder.environment().putAll(environment);
        return new RuidoProcess(builder.start());
    }

    /** Waits until {@code ruido up} is ready, and tells its address. */
    URI address() throws IOException {
        String line = process.inputReader().readLine();
        if (line == null || !line.startsWith(GREETING)) {
            throw new IllegalStateException("instead of the address came: " + line);
        }
        return URI.create(line.substring(GREETING.length()));
    }

    /** Exit status of a command that ends by itself. */
    int await(Duration patience) throws InterruptedException {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("still runs after " + patience);
        }
        return process.exitValue();
    }

    /** SIGTERM, which takes the same way as Ctrl-C. */
    void terminate() {
        process.destroy();
    }

    /** {@code kill -9}. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        kill();
    }
}
