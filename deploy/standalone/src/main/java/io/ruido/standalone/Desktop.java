package io.ruido.standalone;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Opens a file or a URL with the default program of the desktop. */
public final class Desktop {
    private Desktop() {}

    public static void open(String target) {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        List<String> command = system.contains("mac") ? List.of("open", target) : List.of("xdg-open", target);
        try {
            new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            System.err.println("Cannot open " + target + ": " + e.getMessage());
        }
    }
}
