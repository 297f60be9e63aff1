/**
 * Sends job events to clients by server-sent events and WebSockets. A {@code Feed} sends one job's events to one
 * client, at the client's pace.
 */
package io.ruido.gateway.events;
