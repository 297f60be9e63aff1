package io.ruido.standalone.train;

import picocli.CommandLine.Command;

@Command(
        name = "data",
        mixinStandardHelpOptions = true,
        description = "Prepares folders of pictures with captions, to train on.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = EmojiCommand.class)
public final class DataCommand {}
