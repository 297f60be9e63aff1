package io.ruido.standalone;

import io.smallrye.config.ConfigValidationException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Reports why a command failed: in one line if the user can fix the cause, otherwise with the stack trace. */
final class Failure {
    private static final Logger log = LoggerFactory.getLogger(Failure.class);

    private Failure() {}

    static int report(Exception thrown, CommandLine command, CommandLine.ParseResult parsed) {
        Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
        String name = command.getCommandSpec().qualifiedName();
        switch (cause) {
            case ConfigValidationException wrong -> {
                System.err.println(name + ": wrong settings");
                for (int i = 0; i < wrong.getProblemCount(); i++) {
                    System.err.println("  " + plain(wrong.getProblem(i).getMessage()));
                }
            }
            // Their messages contain only file names.
            case NoSuchFileException e -> System.err.println(name + ": no such file or folder: " + e.getMessage());
            case AccessDeniedException e -> System.err.println(name + ": not allowed: " + e.getMessage());
            case IOException e -> System.err.println(name + ": " + e.getMessage());
            case IllegalArgumentException e -> System.err.println(name + ": " + e.getMessage());
            case IllegalStateException e -> System.err.println(name + ": " + e.getMessage());
            default -> log.error("{} failed", name, cause);
        }
        log.debug("{} failed", name, cause);
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Reports wrong arguments and where to find help, without a page of usage. */
    static int misused(CommandLine.ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        System.err.println(name + ": " + wrong.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(wrong, command.getErr());
        System.err.println("Try: " + name + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static String plain(String problem) {
        return problem.replaceFirst(".*SRCFG\\d+: ", "")
                .replaceFirst(
                        "The config property (\\S+) with the config value .* threw an Exception whilst being converted",
                        "$1");
    }
}
