package io.ruido.standalone.train;

import io.ruido.train.Train;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Trains a model by a recipe and exports it as a diffusers folder. Ctrl-C writes a checkpoint.")
public final class TrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RECIPE", description = "YAML file, such as models/fluent-emoji/train.yaml.")
    private Path recipe;

    @Option(names = "--resume", description = "Continue from the newest checkpoints.")
    private boolean resume;

    @Option(
            names = "--from",
            paramLabel = "MODEL",
            description =
                    "Start with the weights of this model; the recipe says which parts of its autoencoder are trained.")
    private Path from;

    @Override
    public Integer call() throws Exception {
        Train.runUntilToldToStop(recipe, resume, Optional.ofNullable(from));
        return 0;
    }
}
