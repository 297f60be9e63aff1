/** Kafka: the names of topics ({@code Topics}), the producer, the share consumer of workers, and dead letters. */
package io.ruido.kafka;
