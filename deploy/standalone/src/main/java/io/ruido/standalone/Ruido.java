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
            TrainCommand.class,
            EvaluateCommand.class,
            GatewayCommand.class,
            WorkerCommand.class,
            DeadLetterCommand.class,
            BenchCommand.class
        })
final class Ruido {
    private Ruido() {}

    public static void main(String[] arguments) {
        CommandLine commands = new CommandLine(new Ruido())
                .registerConverter(Submission.Size.class, Submission.Size::parse)
                .setParameterExceptionHandler(Failure::misused)
                .setExecutionExceptionHandler(Failure::report);
        System.exit(commands.execute(arguments));
    }
}
