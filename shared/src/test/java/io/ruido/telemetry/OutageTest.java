package io.ruido.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutageTest {
    private static final Logger LOG = (Logger) LoggerFactory.getLogger(Outage.class);
    private static final IOException REFUSED = new IOException("refused");

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE); // can overflow
    private final Outage outage = new Outage("Redis", now::get);

    @BeforeEach
    void listen() {
        logged.start();
        LOG.addAppender(logged);
    }

    @AfterEach
    void listenNoMore() {
        LOG.detachAppender(logged);
    }

    @Test
    void isToldOnceWhenItBeginsAndOnceWhenItIsOver() {
        outage.answered();
        for (int second = 0; second < 60; second++) {
            outage.failed(REFUSED);
            outage.answered();
            pass(1);
        }
        pass(1);
        outage.answered();
        outage.answered();

        assertThat(logged.list)
                .extracting(ILoggingEvent::toString)
                .containsExactly(
                        "[WARN] Redis is unavailable (java.io.IOException: refused); retrying",
                        "[INFO] Redis is available again after 61 s; 60 calls failed");
    }

    @Test
    void isToldAgainEachMinuteWhileItLasts() {
        for (int second = 0; second < 150; second++) {
            outage.failed(REFUSED);
            pass(1);
        }

        assertThat(logged.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .hasSize(3)
                .last()
                .asString()
                .startsWith("Redis has been unavailable for 122 s, 123 calls failed");
    }

    private void pass(int seconds) {
        now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
