package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.gateway.Gateway;
import io.ruido.gateway.Tls;
import io.ruido.process.Startup;
import io.ruido.telemetry.Telemetry;
import io.ruido.worker.Worker;
import io.ruido.worker.models.Models;
import java.net.URI;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Servers, gateway and worker in one process. */
public final class Standalone implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Standalone.class);

    /** All started parts, the newest first. */
    private final Deque<AutoCloseable> running = new ConcurrentLinkedDeque<>();

    private URI address;

    private Standalone() {}

    /** Starts everything, and returns when jobs can be submitted and will be run. */
    public static Standalone start(Settings settings) throws Exception {
        Standalone standalone = new Standalone();
        try {
            standalone.open(settings);
            return standalone;
        } catch (Exception e) {
            standalone.close();
            throw e;
        }
    }

    private void open(Settings settings) throws Exception {
        RuidoConfig config = settings.load();
        Startup.prepare(config);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            // The weights are read while the servers start, and the gateway starts while the worker joins.
            Future<Models> reading = threads.submit(() -> timed("models", () -> Models.fetchAndRead(config)));
            Servers servers = Servers.start(config);
            running.push(servers);
            RuidoConfig complete = settings.with(servers.addresses()).load();
            Models models = reading.get();
            Telemetry telemetry = new Telemetry(complete.tracing(), "ruido");
            running.push(telemetry);
            Future<?> joining = threads.submit(() -> {
                running.push(timed("worker", () -> Worker.start(complete, models, telemetry)));
                return null;
            });
            Gateway gateway = timed("gateway", () -> Gateway.start(complete, telemetry));
            running.push(gateway);
            joining.get();
            address = URI.create(
                    Tls.scheme(complete.gateway()) + "://" + complete.gateway().host() + ":" + gateway.port());
        }
    }

    /** Returns the gateway's address. */
    public URI address() {
        return address;
    }

    /** Returns unfinished work to the queue, and stops the servers. Their data is kept. */
    @Override
    public void close() {
        for (AutoCloseable part; (part = running.poll()) != null; ) {
            try {
                part.close();
            } catch (Exception e) {
                log.warn("{} failed to stop; stopping the rest", part.getClass().getSimpleName(), e);
            }
        }
    }

    private static <T> T timed(String name, Callable<T> start) throws Exception {
        long begin = System.nanoTime();
        T part = start.call();
        log.info(
                "{} up in {} ms",
                name,
                Duration.ofNanos(System.nanoTime() - begin).toMillis());
        return part;
    }
}
