package io.ruido.job.prompting;

import static io.ruido.job.InvalidFieldException.check;

/**
 * A file that workers can add to a model: a LoRA or an embedding.
 *
 * @param name by which jobs name it
 * @param bytes of the file
 */
public record AddOn(String name, long bytes) {
    public AddOn {
        check(name != null, "name", name, "must be given");
    }
}
