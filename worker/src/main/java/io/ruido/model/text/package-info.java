/** Text encoders. */
package io.ruido.model.text;
