package io.ruido.standalone;

import picocli.CommandLine.Command;

@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures Ruido on this machine.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {QueueBench.class, WatchBench.class, MixedBench.class, StepBench.class, ChaosBench.class})
final class BenchCommand {}
