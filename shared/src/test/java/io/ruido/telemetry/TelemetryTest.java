package io.ruido.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.ruido.config.RuidoConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TelemetryTest {
    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void spansGoToTheConfiguredAddress() throws Exception {
        CompletableFuture<String> received = new CompletableFuture<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            try (exchange) {
                byte[] body = exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(200, -1);
                received.complete(new String(body, StandardCharsets.ISO_8859_1));
            }
        });
        collector.start();
        String endpoint =
                "http://127.0.0.1:%d/v1/traces".formatted(collector.getAddress().getPort());
        try (Telemetry telemetry = telemetry(Map.of("ruido.tracing.endpoint", endpoint))) {
            telemetry.tracer().spanBuilder("a span").startSpan().end();
        }
        assertThat(received.get(20, TimeUnit.SECONDS)).contains("a span", "a service");
        collector.stop(0);
    }

    @Test
    void withoutAnAddressATraceIsPassedOnAndNothingMade() throws IOException {
        try (Telemetry telemetry = telemetry(Map.of())) {
            Context client = Trace.of(PARENT);
            Span span =
                    telemetry.tracer().spanBuilder("a span").setParent(client).startSpan();
            assertThat(Trace.parent(client.with(span))).contains(PARENT);

            Span alone = telemetry.tracer().spanBuilder("a span").setNoParent().startSpan();
            assertThat(Trace.parent(Context.root().with(alone))).isEmpty();
        }
    }

    @Test
    void whatIsNoTraceparentBeginsANewTrace() {
        assertThat(Trace.parent(Trace.of(null))).isEmpty();
        assertThat(Trace.parent(Trace.of("nonsense"))).isEmpty();
        assertThat(Trace.parent(Trace.of(PARENT))).contains(PARENT);
    }

    @Test
    void aShareIsFromZeroToOne() {
        assertThatThrownBy(() -> telemetry(Map.of("ruido.tracing.sampled", "1.5")))
                .hasMessageContaining("ruido.tracing.sampled")
                .hasMessageContaining("must be a number from 0 to 1, was \"1.5\"");
    }

    private static Telemetry telemetry(Map<String, String> settings) throws IOException {
        return new Telemetry(
                RuidoConfig.load(settings, Map.of(), Optional.empty()).tracing(), "a service");
    }
}
