/**
 * The connections of the HTTP server: how many are accepted, and when one without a request is closed. They are counted
 * before TLS and HTTP begin.
 */
package io.ruido.gateway.connections;
