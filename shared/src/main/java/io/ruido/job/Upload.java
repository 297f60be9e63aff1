package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A picture that a client has sent, for jobs to begin with.
 *
 * @param id SHA-256 of its bytes, by which the client knows it
 * @param object where it is stored
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
