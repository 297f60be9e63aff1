package io.ruido.standalone.generate;

import java.nio.file.Path;

/** Names of the files for several images: the second one gets -1 before the dot. */
final class NumberedFile {
    private NumberedFile() {}

    static Path file(Path first, int index) {
        String name = first.getFileName().toString();
        int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
        return index == 0 ? first : first.resolveSibling(name.substring(0, dot) + "-" + index + name.substring(dot));
    }
}
