/** Jobs, their states and events, as records without I/O. They are what Kafka, Redis, S3 and HTTP carry as JSON. */
package io.ruido.job;
