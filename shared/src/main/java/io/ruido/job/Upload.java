package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import java.util.UUID;
import java.util.regex.Pattern;

/**
 * An image that a client has uploaded, for jobs to start from.
 *
 * @param id SHA-256 of its bytes, the id for the client
 * @param object name of the object in which it is stored
 * @param width in pixels
 * @param height in pixels
 */
public record Upload(String id, UUID object, int width, int height) {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    public Upload {
        check(id != null && ID.matcher(id).matches(), "id", id, "must match " + ID.pattern());
        check(object != null, "object", object, "must be given");
        check(width > 0, "width", width, "must be positive");
        check(height > 0, "height", height, "must be positive");
    }
}
