package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

/**
 * A model that a worker is configured to serve but cannot.
 *
 * @param name name of its folder
 * @param reason reason that names the invalid file, part or setting
 */
public record UnavailableModel(String name, String reason) {
    public UnavailableModel {
        check(name != null, "name", name, "must be given");
    }
}
