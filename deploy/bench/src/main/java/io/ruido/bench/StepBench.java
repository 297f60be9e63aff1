package io.ruido.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.diffusion.noise.TorchRandom;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.model.transformer.DiTTransformer2DModel;
import io.ruido.pipeline.ModelFamilies;
import io.ruido.plan.Engine;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.standalone.generate.ComputeOptions;
import io.ruido.tensor.Ops;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "step",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description =
                "Calls a denoiser once for every line of the standard input, and prints how many seconds that took and"
                        + " the mean absolute value of what it predicted. worker/bench/step.py compares it with diffusers.")
final class StepBench implements Callable<Integer> {
    private static final float TIMESTEP = 500;

    @Parameters(paramLabel = "FOLDER", description = "The unet or transformer folder of a diffusers model.")
    private Path folder;

    @Option(names = "--latents", paramLabel = "N", description = "Height and width.", defaultValue = "32")
    private int side;

    @Option(names = "--batch", paramLabel = "N", description = "Rows of a call.", defaultValue = "1")
    private int batch;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of the text.", defaultValue = "77")
    private int tokens;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--threads", paramLabel = "N", description = "Torch's threads.", defaultValue = "2")
    private int threads;

    @Override
    public Integer call() throws IOException {
        Torch.setThreads(threads);
        DataType type = compute.type();
        try (NDManager manager = Torch.newManager(compute.device());
                var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            JsonNode config =
                    new ObjectMapper().readTree(folder.resolve("config.json").toFile());
            boolean plan = compute.engine() == Engine.PLAN;
            Weights weights = plan ? Weights.stored(folder, manager) : Weights.read(folder, manager, type);
            Denoiser layers = ModelFamilies.denoiser(
                    config.path("_class_name").asText(), config, plan ? weights : weights.packed());
            weights.rejectUnread();
            Denoiser denoiser = plan ? new PlannedDenoiser(layers, weights) : layers;
            var random = new TorchRandom(0);
            NDArray latents = noise(
                    manager, random, type, new Shape(batch, denoiser.config().inChannels(), side, side));
            int width = config.path("caption_channels")
                    .asInt(config.path("cross_attention_dim").asInt());
            Conditioning conditioning = layers instanceof DiTTransformer2DModel
                    ? Conditioning.none().withLabels(manager.zeros(new Shape(batch), DataType.INT64))
                    : Conditioning.ofStates(noise(manager, random, type, new Shape(batch, tokens, width)));
            System.out.println("ready");
            while (lines.readLine() != null) {
                System.out.println(step(denoiser, latents, conditioning));
            }
        }
        return 0;
    }

    private String step(Denoiser denoiser, NDArray latents, Conditioning conditioning) {
        NDManager manager = latents.getManager();
        try (NDManager scratch = manager.newSubManager()) {
            float[] timesteps = new float[batch];
            Arrays.fill(timesteps, TIMESTEP);
            latents.attach(scratch); // the manager of all results
            long begin = System.nanoTime();
            NDArray predicted =
                    Ops.withoutGradient(() -> denoiser.forward(latents, scratch.create(timesteps), conditioning));
            float[] values = Ops.cast(predicted, DataType.FLOAT32).toFloatArray(); // waits for a GPU
            double seconds = (System.nanoTime() - begin) / 1e9;
            latents.attach(manager);
            double mean = IntStream.range(0, values.length)
                    .mapToDouble(i -> Math.abs(values[i]))
                    .average()
                    .orElseThrow();
            return String.format(Locale.ROOT, "%.5f %.6f", seconds, mean);
        }
    }

    private static NDArray noise(NDManager manager, TorchRandom random, DataType type, Shape shape) {
        return Ops.cast(Torch.tensor(manager, random.randn(Math.toIntExact(shape.size())), shape), type);
    }
}
