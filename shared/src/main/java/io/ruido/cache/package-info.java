/** A bounded cache for values that can be computed or fetched again. */
package io.ruido.cache;
