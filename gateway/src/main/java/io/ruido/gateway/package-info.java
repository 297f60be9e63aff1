/**
 * The start of a gateway. {@code Backends} connects to Kafka, Redis and S3, {@code Features} makes the routes and the periodic
 * tasks of each feature, and {@code Gateway} listens.
 */
package io.ruido.gateway;
