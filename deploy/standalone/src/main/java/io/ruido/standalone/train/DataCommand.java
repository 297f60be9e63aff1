package io.ruido.standalone.train;

import picocli.CommandLine.Command;

@Command(
        name = "data",
        mixinStandardHelpOptions = true,
        description = "Prepares training folders of images or clips with captions.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {EmojiCommand.class, ClipsCommand.class})
public final class DataCommand {}
