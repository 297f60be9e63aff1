package io.ruido.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.ruido.tensor.Torch;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.data.Seeds;
import io.ruido.train.data.TrainingSet;
import io.ruido.train.optimization.AdamW;
import io.ruido.train.optimization.Stage;
import io.ruido.train.optimization.TrainingRun;
import io.ruido.train.recipe.TrainConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * The Java side of {@code bench/train.py}: trains the denoiser of a recipe on images of noise, as many steps as a line
 * of the standard input says, and answers with the seconds they took.
 */
final class DenoiserBench {
    private static final int PICTURES = 64;

    private DenoiserBench() {}

    /** Arguments: recipe, folder of a model with its autoencoder and text encoder, threads. */
    public static void main(String[] args) throws IOException {
        TrainConfig config = TrainConfig.read(Path.of(args[0]));
        Torch.setThreads(Integer.parseInt(args[2]));
        Path cache = Files.createTempDirectory("bench");
        var sized = new ImageFolder.Sized(config.size(), images(config.size()));
        try (var data = new TrainingSet(List.of(sized), config.denoiser().captions(), Path.of(args[1]), cache);
                NDManager manager = Torch.newManager()) {
            var stage = new DenoiserStage(config.denoiser(), data, config.seed());
            var parts = TrainingRun.build(stage, manager, config.seed(), Optional.empty(), Optional.empty());
            var adamW = new AdamW(manager, parts, stage::trains);
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            int done = 0;
            System.out.println("ready");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                int end = done + Integer.parseInt(line);
                long begun = System.nanoTime();
                for (; done < end; done++) {
                    step(manager, stage, adamW, done);
                }
                System.out.println((System.nanoTime() - begun) / 1e9);
            }
        }
    }

    private static void step(NDManager manager, Stage stage, AdamW adamW, int step) {
        try (NDManager scratch = manager.newSubManager();
                GradientCollector _ = Engine.getEngine("PyTorch").newGradientCollector()) {
            NDArray loss = stage.loss(scratch, step, Seeds.of(1, step));
            loss.getFloat();
            adamW.update(loss, stage.optimization(), step);
        }
    }

    private static List<ImageFolder.Image> images(int size) {
        var random = new Random(1);
        List<ImageFolder.Image> images = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            byte[] planes = new byte[3 * size * size];
            random.nextBytes(planes);
            images.add(new ImageFolder.Image(i + ".png", "image " + i, List.of("noise"), planes));
        }
        return images;
    }
}
