package io.ruido.standalone;

import picocli.CommandLine.Command;

@Command(
        name = "data",
        mixinStandardHelpOptions = true,
        description = "Prepares folders of pictures with captions, to train on.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = EmojiCommand.class)
final class DataCommand {}
