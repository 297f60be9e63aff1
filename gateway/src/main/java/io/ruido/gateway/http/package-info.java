/**
 * What all HTTP routes share: the contract ({@code openapi.yaml}), the router, validation of requests, and how responses and
 * errors are written. Nothing here knows a feature; a {@code Route} brings the rules of its path.
 */
package io.ruido.gateway.http;
