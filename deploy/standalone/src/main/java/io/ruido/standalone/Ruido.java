package io.ruido.standalone;

import io.ruido.standalone.generate.GenerateCommand;
import io.ruido.standalone.generate.SampleCommand;
import io.ruido.standalone.generate.Submission;
import io.ruido.standalone.train.DataCommand;
import io.ruido.standalone.train.EvaluateCommand;
import io.ruido.standalone.train.InspectCommand;
import io.ruido.standalone.train.TrainCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "ruido",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Turns noise into images: an asynchronous job queue for diffusion models.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "./ruido bench measures Ruido on this machine.", "./ruido test runs every test."},
        subcommands = {
            UpCommand.class,
            GenerateCommand.class,
            SampleCommand.class,
            InspectCommand.class,
            DataCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            GatewayCommand.class,
            KeyCommand.class,
            WorkerCommand.class,
            DeadLetterCommand.class
        })
public final class Ruido {
    private Ruido() {}

    public static void main(String[] arguments) {
        runAndExit(new Ruido(), arguments);
    }

    /** Runs a command line, and ends the process with its exit status. */
    public static void runAndExit(Object command, String... arguments) {
        try {
            System.exit(execute(command, arguments));
        } catch (Error e) {
            // The threads of the servers would keep the process running.
            e.printStackTrace();
            System.exit(CommandLine.ExitCode.SOFTWARE);
        }
    }

    /** Runs {@code ./ruido} and returns its exit status. */
    public static int run(String... arguments) {
        return execute(new Ruido(), arguments);
    }

    private static int execute(Object command, String... arguments) {
        return new CommandLine(command)
                .registerConverter(Submission.Size.class, Submission.Size::parse)
                .setParameterExceptionHandler(Failure::misused)
                .setExecutionExceptionHandler(Failure::report)
                .execute(arguments);
    }
}
