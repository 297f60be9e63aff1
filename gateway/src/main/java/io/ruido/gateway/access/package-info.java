/**
 * Access control: API keys, browser sessions, requests from web pages of other hosts, and the limits of a key. A
 * {@code Caller} is who sent a request.
 */
package io.ruido.gateway.access;
