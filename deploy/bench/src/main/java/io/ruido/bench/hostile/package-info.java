/** Hostile clients beside an ordinary tenant: measures how they affect the ordinary tenant. */
package io.ruido.bench.hostile;
