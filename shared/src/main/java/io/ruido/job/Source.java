package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * The image that a job starts from.
 *
 * @param strength above 0, at most 1: how much of the image is replaced, and the share of the steps to run
 * @param mask white where the image is repainted; null to repaint all of it
 */
public record Source(Upload image, double strength, Upload mask) {
    public Source {
        check(image != null, "image", image, "must be given");
        check(strength > 0 && strength <= 1, "strength", strength, "must be above 0 and at most 1");
    }

    /** Returns the number of steps that are made with a strength; these are the last ones. */
    public static int stepsMade(int steps, double strength) {
        return (int) (steps * strength);
    }
}
