package io.ruido.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.job.JobJson;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class LogsTest {
    @Test
    void aLineOfJsonHasTheMessageTheJobAndTheFault() throws Exception {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        Logger logger = context.getLogger("io.ruido.Test");
        ListAppender<ILoggingEvent> events = new ListAppender<>();
        events.start();
        logger.addAppender(events);
        context.getMDCAdapter().put("jobId", "an id");
        logger.warn("\"{}\" failed", "it", new IOException("gone"));

        byte[] line = Logs.json(context).encode(events.list.getFirst());
        JsonNode json = JobJson.MAPPER.readTree(line);
        assertThat(line).endsWith('\n');
        assertThat(json.get("formattedMessage").asText()).isEqualTo("\"it\" failed");
        assertThat(json.get("level").asText()).isEqualTo("WARN");
        assertThat(json.get("loggerName").asText()).isEqualTo("io.ruido.Test");
        assertThat(json.get("timestamp").isNumber()).isTrue();
        assertThat(json.at("/mdc/jobId").asText()).isEqualTo("an id");
        assertThat(json.at("/throwable/message").asText()).isEqualTo("gone");
    }
}
