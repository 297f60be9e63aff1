/** Start, logging, and shutdown of a process. */
package io.ruido.process;
