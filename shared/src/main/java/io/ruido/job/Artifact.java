package io.ruido.job;

/**
 * A finished result as it is stored and sent.
 *
 * @param bytes the whole file
 * @param mediaType such as {@code image/png}
 * @param extension of the file's name, without the dot
 */
public record Artifact(byte[] bytes, String mediaType, String extension) {}
