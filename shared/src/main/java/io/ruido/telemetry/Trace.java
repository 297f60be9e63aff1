package io.ruido.telemetry;

import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** Reads and writes the trace context of a job as W3C's {@code traceparent}. */
public final class Trace {
    /** Name of the header, in HTTP and Kafka. */
    public static final String HEADER = "traceparent";

    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    private Trace() {}

    /** @param parent text of the header; null or invalid text begins a new trace */
    public static Context of(String parent) {
        return W3C.extract(Context.root(), parent, new Header());
    }

    /** Returns the text of the header; empty when there is no trace. */
    public static Optional<String> parent(Context trace) {
        AtomicReference<String> parent = new AtomicReference<>();
        W3C.inject(trace, parent, (carrier, name, value) -> {
            if (name.equals(HEADER)) {
                carrier.set(value);
            }
        });
        return Optional.ofNullable(parent.get());
    }

    private static final class Header implements TextMapGetter<String> {
        @Override
        public Iterable<String> keys(String parent) {
            return List.of(HEADER);
        }

        @Override
        public String get(String parent, String name) {
            return name.equals(HEADER) ? parent : null;
        }
    }
}
