package io.ruido.job;

/**
 * A model that a worker is configured to serve but cannot.
 *
 * @param name of its folder
 * @param reason naming the file, part or setting that is wrong
 */
public record UnavailableModel(String name, String reason) {}
