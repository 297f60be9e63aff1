package io.ruido.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of a server that does not do what it is asked: once when that begins, every minute while it lasts, and once when
 * it is over, however many calls there are. Whoever made a call need not log that it failed.
 */
public final class Outage {
    private static final Logger log = LoggerFactory.getLogger(Outage.class);
    private static final Duration TELL_AGAIN_AFTER = Duration.ofMinutes(1);

    /** While a server comes and goes, some calls get through between others that do not. */
    private static final Duration OVER_AFTER = Duration.ofSeconds(1);

    private final String server;
    private final InstantSource clock;
    private volatile boolean lasts;
    private Instant begin;
    private Instant told;
    private Instant newest;
    private long failures;

    /** @param server as the log calls it */
    public Outage(String server) {
        this(server, InstantSource.system());
    }

    Outage(String server, InstantSource clock) {
        this.server = server;
        this.clock = clock;
    }

    /** A call failed because of the server. */
    public synchronized void failed(Throwable fault) {
        newest = clock.instant();
        failures++;
        if (!lasts) {
            lasts = true;
            begin = newest;
            told = newest;
            log.warn("{} does not do what it is asked ({}); trying on", server, fault.toString());
        } else if (newest.isAfter(told.plus(TELL_AGAIN_AFTER))) {
            told = newest;
            log.warn(
                    "{} has not done what it was asked for {} s, {} times ({}); trying on",
                    server,
                    seconds(),
                    failures,
                    fault.toString());
        }
    }

    /** A call succeeded, or failed for another reason. */
    public void answered() {
        if (lasts) {
            end();
        }
    }

    private synchronized void end() {
        if (lasts && clock.instant().isAfter(newest.plus(OVER_AFTER))) {
            lasts = false;
            log.info("{} is back after {} s in which {} calls failed", server, seconds(), failures);
            failures = 0;
        }
    }

    private long seconds() {
        return Duration.between(begin, clock.instant()).toSeconds();
    }
}
