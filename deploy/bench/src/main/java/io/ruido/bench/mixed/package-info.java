/** Throughput, latency and forecasts under a load of many kinds of jobs, for several scheduling policies. */
package io.ruido.bench.mixed;
