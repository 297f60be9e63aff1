package io.ruido.telemetry;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs that a server is unavailable: once at the beginning, every minute while calls fail, and once at the end, however
 * many calls there are. Callers need not log a failed call themselves. Times are those of {@link System#nanoTime}, because
 * the machine's clock can be set.
 */
public final class Outage {
    private static final Logger log = LoggerFactory.getLogger(Outage.class);
    private static final long LOG_AGAIN_AFTER = Duration.ofMinutes(1).toNanos();

    /** While a server is unstable, some calls succeed between others that fail. */
    private static final long OVER_AFTER = Duration.ofSeconds(1).toNanos();

    private final String server;
    private final LongSupplier nanoTime;
    private volatile boolean lasts;
    private long begin;
    private long logged;
    private long newest;
    private long failures;

    /** @param server name of the server in the log */
    public Outage(String server) {
        this(server, System::nanoTime);
    }

    Outage(String server, LongSupplier nanoTime) {
        this.server = server;
        this.nanoTime = nanoTime;
    }

    /** Records a call that failed because of the server. */
    public synchronized void failed(Throwable fault) {
        newest = nanoTime.getAsLong();
        failures++;
        if (!lasts) {
            lasts = true;
            begin = newest;
            logged = newest;
            log.warn("{} is unavailable ({}); retrying", server, fault.toString());
        } else if (newest - logged > LOG_AGAIN_AFTER) {
            logged = newest;
            log.warn(
                    "{} has been unavailable for {} s, {} calls failed ({}); retrying",
                    server,
                    seconds(),
                    failures,
                    fault.toString());
        }
    }

    /** Records a call that succeeded, or failed for another reason. */
    public void answered() {
        if (lasts) {
            end();
        }
    }

    private synchronized void end() {
        if (lasts && nanoTime.getAsLong() - newest > OVER_AFTER) {
            lasts = false;
            log.info("{} is available again after {} s; {} calls failed", server, seconds(), failures);
            failures = 0;
        }
    }

    private long seconds() {
        return Duration.ofNanos(nanoTime.getAsLong() - begin).toSeconds();
    }
}
