package io.ruido.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs that a server is unavailable: once at the beginning, every minute while calls fail, and once at the end, however
 * many calls there are. Callers need not log a failed call themselves.
 */
public final class Outage {
    private static final Logger log = LoggerFactory.getLogger(Outage.class);
    private static final Duration LOG_AGAIN_AFTER = Duration.ofMinutes(1);

    /** While a server is unstable, some calls succeed between others that fail. */
    private static final Duration OVER_AFTER = Duration.ofSeconds(1);

    private final String server;
    private final InstantSource clock;
    private volatile boolean lasts;
    private Instant begin;
    private Instant logged;
    private Instant newest;
    private long failures;

    /** @param server name of the server in the log */
    public Outage(String server) {
        this(server, InstantSource.system());
    }

    Outage(String server, InstantSource clock) {
        this.server = server;
        this.clock = clock;
    }

    /** Records a call that failed because of the server. */
    public synchronized void failed(Throwable fault) {
        newest = clock.instant();
        failures++;
        if (!lasts) {
            lasts = true;
            begin = newest;
            logged = newest;
            log.warn("{} is unavailable ({}); retrying", server, fault.toString());
        } else if (newest.isAfter(logged.plus(LOG_AGAIN_AFTER))) {
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
        if (lasts && clock.instant().isAfter(newest.plus(OVER_AFTER))) {
            lasts = false;
            log.info("{} is available again after {} s; {} calls failed", server, seconds(), failures);
            failures = 0;
        }
    }

    private long seconds() {
        return Duration.between(begin, clock.instant()).toSeconds();
    }
}
