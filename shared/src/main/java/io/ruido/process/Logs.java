package io.ruido.process;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.ruido.config.RuidoConfig.LoggingConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Configures logging. */
public final class Logs {
    private Logs() {}

    /** Applies {@code logback.xml}, with JSON output if it is configured. */
    public static void configure(LoggingConfig config) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        if (config.json()
                && context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("console")
                        instanceof OutputStreamAppender<ILoggingEvent> console) {
            console.setEncoder(json(context));
        }
    }

    static JsonEncoder json(LoggerContext context) {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setContext(context);
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        encoder.setWithFormattedMessage(true);
        encoder.start();
        return encoder;
    }
}
