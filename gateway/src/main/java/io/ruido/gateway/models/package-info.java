/** The models and samplers that a job can name, and the number of workers that serve them. */
package io.ruido.gateway.models;
