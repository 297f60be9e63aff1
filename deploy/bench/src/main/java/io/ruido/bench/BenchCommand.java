package io.ruido.bench;

import io.ruido.bench.chaos.ChaosBench;
import io.ruido.bench.chaos.ServerCommand;
import io.ruido.bench.hostile.HostileBench;
import io.ruido.bench.mixed.MixedBench;
import io.ruido.bench.watch.WatchBench;
import io.ruido.standalone.Ruido;
import picocli.CommandLine.Command;

/** The command line of the benchmarks. */
@Command(
        name = "ruido bench",
        mixinStandardHelpOptions = true,
        description = "Measures Ruido on this machine.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            QueueBench.class,
            WatchBench.class,
            MixedBench.class,
            StepBench.class,
            ChaosBench.class,
            HostileBench.class,
            ServerCommand.class
        })
public final class BenchCommand {
    private BenchCommand() {}

    public static void main(String[] arguments) {
        Ruido.runAndExit(new BenchCommand(), arguments);
    }
}
