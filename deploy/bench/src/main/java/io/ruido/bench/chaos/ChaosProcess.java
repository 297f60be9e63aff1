package io.ruido.bench.chaos;

import io.ruido.standalone.RuidoProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A process that is stopped in several ways and restarted. As in Kubernetes, it is also restarted when it exits because
 * a server was unavailable at its start.
 */
final class ChaosProcess implements AutoCloseable {
    private static final Duration AGAIN_AFTER = Duration.ofSeconds(1);

    /** The grace period, as in Kubernetes; a process that takes longer is killed. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final String name;
    private final Path log;
    private final Map<String, String> environment;
    private final Class<?> main;
    private final String[] command;
    private final AtomicBoolean restarting = new AtomicBoolean();
    private RuidoProcess process;
    private boolean closed;

    /** How a process ends. */
    enum StopMode {
        TERMINATED("SIGTERM"),
        KILLED("kill -9");

        final String label;

        StopMode(String label) {
            this.label = label;
        }
    }

    ChaosProcess(String name, Path folder, Map<String, String> environment, Class<?> main, String... command) {
        this.name = name;
        this.log = folder.resolve(name + ".log");
        this.environment = environment;
        this.main = main;
        this.command = command;
    }

    String name() {
        return name;
    }

    synchronized void start() {
        if (closed) {
            return;
        }
        try {
            RuidoProcess started = RuidoProcess.start(main, log, environment, command);
            process = started;
            started.onExit()
                    .thenRunAsync(
                            () -> startAgain(started),
                            CompletableFuture.delayedExecutor(AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
    }

    private synchronized void startAgain(RuidoProcess ended) {
        if (process == ended && !restarting.get()) {
            start();
        }
    }

    /** Stops and restarts the process; returns false when it was already being restarted. */
    boolean restart(StopMode mode, Duration away) throws InterruptedException {
        if (!restarting.compareAndSet(false, true)) {
            return false;
        }
        try {
            end(mode);
            Thread.sleep(away);
            start();
            return true;
        } finally {
            restarting.set(false);
        }
    }

    private void end(StopMode mode) throws InterruptedException {
        RuidoProcess ended = process();
        switch (mode) {
            case TERMINATED -> {
                ended.terminate();
                if (!ended.ends(CLOSE_TIMEOUT)) {
                    ended.killAll();
                }
            }
            case KILLED -> ended.killAll();
        }
    }

    private synchronized RuidoProcess process() {
        return process;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (process != null) {
            process.killAll();
        }
    }
}
