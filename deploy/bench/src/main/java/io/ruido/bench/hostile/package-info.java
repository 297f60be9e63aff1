/** Hostile clients beside an ordinary tenant: what the ordinary tenant notices of them. */
package io.ruido.bench.hostile;
