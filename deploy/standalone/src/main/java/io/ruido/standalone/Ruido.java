package io.ruido.standalone;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "ruido",
        mixinStandardHelpOptions = true,
        version = "Ruido 0.1.0",
        description = "Turns noise into images: an asynchronous job queue for diffusion models.",
        synopsisSubcommandLabel = "COMMAND",
        footer = "%n./ruido test runs every test.",
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
            DeadLetterCommand.class,
            BenchCommand.class,
            ServerCommand.class
        })
final class Ruido {
    private Ruido() {}

    public static void main(String[] arguments) {
        try {
            System.exit(run(arguments));
        } catch (Error e) {
            // Servers' threads would keep a process going that serves nobody.
            e.printStackTrace();
            System.exit(CommandLine.ExitCode.SOFTWARE);
        }
    }

    /** Returns the exit status. */
    static int run(String... arguments) {
        return new CommandLine(new Ruido())
                .registerConverter(Submission.Size.class, Submission.Size::parse)
                .setParameterExceptionHandler(Failure::misused)
                .setExecutionExceptionHandler(Failure::report)
                .execute(arguments);
    }
}
