/** The web page: static files, served from memory. */
package io.ruido.gateway.page;
