/**
 * Calls to the receivers that clients named for the end of a job, signed as the Standard Webhooks specification says. Only
 * public addresses are called.
 */
package io.ruido.gateway.webhooks;
