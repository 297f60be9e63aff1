/** Images that clients upload for jobs to start from. They are checked by decoding them, and stored once per tenant. */
package io.ruido.gateway.uploads;
