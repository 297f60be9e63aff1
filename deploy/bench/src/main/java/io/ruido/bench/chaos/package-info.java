/** Kills servers, gateways and workers while jobs run, and checks that none is lost or done twice. */
package io.ruido.bench.chaos;
