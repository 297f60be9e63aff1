/**
 * Jobs over HTTP: submitting, reading, listing and cancelling them, and their images. Also the periodic tasks:
 * publishing admitted jobs to Kafka, expiring and deleting jobs.
 */
package io.ruido.gateway.jobs;
