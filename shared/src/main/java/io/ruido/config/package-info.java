/** All settings, read once at the start and passed on. Invalid values are reported by name. */
package io.ruido.config;
