package io.ruido.job;

/**
 * A model that a worker is configured to serve but cannot.
 *
 * @param name name of its folder
 * @param reason reason that names the invalid file, part or setting
 */
public record UnavailableModel(String name, String reason) {}
