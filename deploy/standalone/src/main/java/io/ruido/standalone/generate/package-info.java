/** Commands that make images: on a server, or from a model's folder without one. */
package io.ruido.standalone.generate;
