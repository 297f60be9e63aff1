/** Which models and samplers a job can name, and how many workers serve them. */
package io.ruido.gateway.models;
