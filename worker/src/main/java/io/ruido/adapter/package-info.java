/** Low-rank additions to the layers of a network, applied beside its weights for single samples of a batch. */
package io.ruido.adapter;
