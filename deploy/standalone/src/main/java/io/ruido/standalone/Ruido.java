package io.ruido.standalone;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "ruido",
        mixinStandardHelpOptions = true,
        version = "Ruido 0.1.0",
        description = "Turns noise into images: an asynchronous job queue for diffusion models.",
        synopsisSubcommandLabel = "COMMAND")
final class Ruido {
    private Ruido() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Ruido()).execute(arguments));
    }
}
