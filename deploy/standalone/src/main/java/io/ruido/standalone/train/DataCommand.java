package io.ruido.standalone.train;

import picocli.CommandLine.Command;

@Command(
        name = "data",
        mixinStandardHelpOptions = true,
        description = "Prepares folders of pictures or clips with captions, to train on.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {EmojiCommand.class, ClipsCommand.class})
public final class DataCommand {}
