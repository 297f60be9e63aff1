/** The command line, and Ruido in one process: servers, gateway and worker. */
package io.ruido.standalone;
