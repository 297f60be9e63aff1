/** Networks, one architecture a file, with the settings and tensor names of the reference implementations. */
package io.ruido.model;
