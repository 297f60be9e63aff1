/** Commands for model folders: inspecting, training and evaluating them, and preparing data. */
package io.ruido.standalone.train;
