/** Metrics and traces of a process, and the log of outages. {@code Metric} has the names of all metrics. */
package io.ruido.telemetry;
