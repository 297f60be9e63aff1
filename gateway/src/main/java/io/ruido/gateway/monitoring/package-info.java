/** Metrics for Prometheus, statistics for people and autoscalers, and probes. */
package io.ruido.gateway.monitoring;
