package io.ruido.process;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jline.utils.Signals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a service until Ctrl-C or a signal stops the process. */
public final class Foreground {
    private static final Logger log = LoggerFactory.getLogger(Foreground.class);
    /** Less than the 30 s after which Kubernetes kills a pod. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(22);

    /** Each with the exit status that shells give a process which it ends. */
    private static final Map<String, Integer> SIGNALS = Map.of("HUP", 129, "INT", 130, "TERM", 143);

    private Foreground() {}

    /**
     * Runs the service and never returns. A signal closes the service and ends the process, at the latest after a timeout.
     * This is no shutdown hook, because hooks run at the same time, and ONNX Runtime's would end it during the last steps.
     */
    public static void run(AutoCloseable service) {
        CompletableFuture<Integer> signalled = new CompletableFuture<>();
        SIGNALS.forEach((signal, status) -> Signals.register(signal, () -> signalled.complete(status)));
        int status = signalled.join();
        close(service, status);
        System.exit(status);
    }

    private static void close(AutoCloseable service, int status) {
        Thread closing = Thread.ofPlatform().daemon().start(() -> {
            try {
                service.close();
            } catch (Exception e) {
                log.warn("did not stop cleanly", e);
            }
        });
        try {
            if (!closing.join(CLOSE_TIMEOUT)) {
                log.warn("did not stop within {} s; ending the process", CLOSE_TIMEOUT.toSeconds());
                Runtime.getRuntime().halt(status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
