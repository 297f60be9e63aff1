/** Real Kafka, Redis and S3 servers for one process, each with its data in a folder. They listen on loopback only. */
package io.ruido.embedded;
