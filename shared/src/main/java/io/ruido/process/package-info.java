/** What the processes of Ruido have in common: start, logs, and stopping on a signal. */
package io.ruido.process;
