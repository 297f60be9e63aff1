/**
 * Calls to the receivers that clients named, signed according to the Standard Webhooks specification. Only public
 * addresses are called.
 */
package io.ruido.gateway.webhooks;
