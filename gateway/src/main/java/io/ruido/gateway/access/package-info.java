/**
 * Who may call: API keys, sessions of browsers, web pages of other hosts, and the limits of a key. A {@code Caller} is who sent
 * a request.
 */
package io.ruido.gateway.access;
