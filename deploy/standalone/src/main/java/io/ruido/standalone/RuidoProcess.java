package io.ruido.standalone;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A command line of Ruido in a JVM of its own, which can be sent signals. */
public final class RuidoProcess implements AutoCloseable {
    private static final String GREETING = "Ruido is at ";

    private static final String CLASS_CACHE = "-XX:AOTCache=";

    private final Process process;

    private RuidoProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts a command line.
     *
     * @param main class with the {@code main} method of the command line
     * @param environment all variables of Ruido for the process
     * @param log file to which its standard error is appended
     */
    public static RuidoProcess start(Class<?> main, Path log, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // Settings for short-lived processes, several on one machine.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path")));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(CLASS_CACHE))
                .forEach(command::add);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
        builder.environment().keySet().removeIf(name -> name.startsWith("RUIDO_"));
        builder.environment().putAll(environment);
        return new RuidoProcess(builder.start());
    }

    /** Waits until {@code ruido up} is ready, and returns its address. */
    public URI address() throws IOException {
        String line = process.inputReader().readLine();
        if (line == null || !line.startsWith(GREETING)) {
            throw new IllegalStateException("expected the address, got: " + line);
        }
        return URI.create(line.substring(GREETING.length()));
    }

    /** Returns the exit status of a command that ends by itself. */
    public int await(Duration timeout) throws InterruptedException {
        if (!ends(timeout)) {
            throw new IllegalStateException("still runs after " + timeout);
        }
        return process.exitValue();
    }

    /** Returns whether it ends by itself within this time. */
    public boolean ends(Duration timeout) throws InterruptedException {
        return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns a future of its exit status. */
    public CompletableFuture<Integer> onExit() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /** Sends SIGTERM, which has the same effect as Ctrl-C. */
    public void terminate() {
        process.destroy();
    }

    /** Kills the process with SIGKILL. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Kills the process and its children with SIGKILL. */
    public void killAll() {
        List<ProcessHandle> children = process.descendants().toList();
        kill();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() {
        kill();
    }
}
