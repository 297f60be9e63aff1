/**
 * Jobs over HTTP: submitting, reading, listing and cancelling them, and their images. Also what no request triggers:
 * publishing admitted jobs to Kafka, expiring and deleting jobs.
 */
package io.ruido.gateway.jobs;
