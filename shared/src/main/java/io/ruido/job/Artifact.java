package io.ruido.job;

/**
 * A finished result as it is stored and sent.
 *
 * @param bytes the whole file
 * @param mediaType such as {@code image/png}
 * @param extension extension of the file's name, without the dot
 */
public record Artifact(byte[] bytes, String mediaType, String extension) {
    private static final String THUMBNAIL = "thumbnail.png";

    /** Returns the thumbnail of a clip. */
    public static Artifact thumbnail(byte[] png) {
        return new Artifact(png, "image/png", THUMBNAIL);
    }

    /** Returns the key of the thumbnail of the clip with this key. */
    public static String thumbnailKey(String key) {
        return key.substring(0, key.lastIndexOf('.') + 1) + THUMBNAIL;
    }
}
