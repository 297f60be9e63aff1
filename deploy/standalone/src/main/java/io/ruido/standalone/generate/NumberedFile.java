package io.ruido.standalone.generate;

import io.ruido.job.Output;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** File names for several images: the second one gets -1 before the extension, which names the format. */
final class NumberedFile {
    private NumberedFile() {}

    /**
     * Returns the format of a file name.
     *
     * @throws IllegalArgumentException when its extension is not a format of images or clips
     */
    static Output.Format format(Path file) {
        String name = file.getFileName().toString();
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return Arrays.stream(Output.Format.values())
                .filter(format -> format.label().equals(ending.equals("jpg") ? "jpeg" : ending))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "out must end with .png, .jpeg, .webp, .mp4 or .webm, was " + name));
    }

    static Path file(Path first, int index) {
        String name = first.getFileName().toString();
        int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
        return index == 0 ? first : first.resolveSibling(name.substring(0, dot) + "-" + index + name.substring(dot));
    }
}
