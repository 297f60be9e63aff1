/** How soon thousands of WebSocket clients see a step, and how much memory they take. */
package io.ruido.bench.watch;
