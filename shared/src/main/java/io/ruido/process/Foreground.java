package io.ruido.process;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a service until Ctrl-C or a signal stops the process. */
public final class Foreground {
    private static final Logger log = LoggerFactory.getLogger(Foreground.class);
    /** Less than the 30 s after which Kubernetes kills a pod. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(22);

    private static final int TERMINATED = 143;

    private Foreground() {}

    /**
     * Runs the service and never returns. The signal ends the process after the service is closed, or after a timeout.
     */
    public static void run(AutoCloseable service) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(service), "stop"));
        new CountDownLatch(1).await();
    }

    private static void close(AutoCloseable service) {
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
                Runtime.getRuntime().halt(TERMINATED);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
