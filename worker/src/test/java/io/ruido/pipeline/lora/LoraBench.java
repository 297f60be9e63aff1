package io.ruido.pipeline.lora;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.Conditioning;
import io.ruido.model.unet.UNet2DConditionModel;
import io.ruido.model.unet.UNetConfig;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.Guide;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * How long a step of 16 samples takes with a different LoRA for each, beside one without: of a random model with Stable
 * Diffusion 1.5's denoiser. Arguments: a folder for the model and the LoRAs, which is made if it is not there; the side of the
 * latents; the LoRAs' rank.
 */
public final class LoraBench {
    private static final int SAMPLES = 16;
    private static final int LORAS = 40;
    private static final int STEPS = 3;
    private static final int TOKENS = 77;
    private static final int WIDTH = 768;
    private static final Path SMALL = Path.of("src/test/resources/golden/pipelines/stable-diffusion");

    private LoraBench() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int side = Integer.parseInt(arguments[1]);
        int rank = Integer.parseInt(arguments[2]);
        if (Files.notExists(folder)) {
            make(folder);
        }
        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32);
                NDManager manager = Torch.newManager()) {
            List<Lora> loras = new ArrayList<>();
            for (int i = 0; i < LORAS; i++) {
                loras.add(pipeline.lora(lora(folder, i, rank)));
            }
            List<List<AppliedLora>> none = Collections.nCopies(SAMPLES, List.of());
            List<List<AppliedLora>> each = new ArrayList<>();
            for (int i = 0; i < SAMPLES; i++) {
                each.add(List.of(loras.get(i * LORAS / SAMPLES).with(0.8)));
            }
            double without = seconds(pipeline, manager, side, none);
            double with = seconds(pipeline, manager, side, each);
            double again = seconds(pipeline, manager, side, none);
            System.out.printf(
                    "%d samples of %d × %d latents, rank %d: %.2f and %.2f s without, %.2f s with a LoRA each: throughput %.2f%n",
                    SAMPLES, side, side, rank, without, again, with, (without + again) / 2 / with);
        }
    }

    /** The median of a few steps, after one more. */
    private static double seconds(
            DiffusionPipeline pipeline, NDManager manager, int side, List<List<AppliedLora>> added) {
        double[] seconds = new double[STEPS];
        for (int i = -1; i < STEPS; i++) {
            try (NDManager step = manager.newSubManager()) {
                NDArray latents = step.randomNormal(new Shape(SAMPLES, 4, side, side));
                Conditioning states = Conditioning.ofStates(step.randomNormal(new Shape(SAMPLES, TOKENS, WIDTH)));
                float[] timesteps = new float[SAMPLES];
                float[] guidance = new float[SAMPLES];
                float[] weights = new float[SAMPLES];
                Arrays.fill(timesteps, 500);
                Arrays.fill(guidance, 7.5f);
                Arrays.fill(weights, 1);
                long begin = System.nanoTime();
                pipeline.predict(
                                latents, timesteps, List.of(new Guide(states, weights)), states, guidance, added, false)
                        .toFloatArray();
                if (i >= 0) {
                    seconds[i] = (System.nanoTime() - begin) / 1e9;
                }
            }
        }
        Arrays.sort(seconds);
        return seconds[STEPS / 2];
    }

    private static void make(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(SMALL);
                NDManager manager = Torch.newManager()) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(SMALL.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
            String config =
                    "{\"_class_name\": \"UNet2DConditionModel\", \"cross_attention_dim\": 768, \"attention_head_dim\": 8}";
            Files.writeString(folder.resolve("unet/config.json"), config);
            Weights fresh = Weights.fresh(manager, 1);
            new UNet2DConditionModel(UNetConfig.of(new ObjectMapper().readTree(config)), fresh);
            SafeTensors.write(
                    folder.resolve("unet/diffusion_pytorch_model.safetensors"), fresh.tensors(), DataType.FLOAT16);
        }
    }

    /** Additions to all projections of attention. */
    private static Path lora(Path folder, int number, int rank) throws IOException {
        Path file = folder.resolve("lora-%d-%d.safetensors".formatted(rank, number));
        if (Files.notExists(file)) {
            try (NDManager manager = Torch.newManager()) {
                Map<String, NDArray> tensors = new LinkedHashMap<>();
                Map<String, SafeTensors.Info> weights = SafeTensors.list(folder.resolve("unet"));
                for (String name : new TreeSet<>(weights.keySet())) {
                    if (name.matches(".*attn\\d\\.(to_q|to_k|to_v|to_out\\.0)\\.weight")) {
                        Shape shape = weights.get(name).shape();
                        String module = "unet." + name.substring(0, name.length() - ".weight".length());
                        tensors.put(
                                module + ".lora_A.weight",
                                manager.randomNormal(new Shape(rank, shape.get(1)))
                                        .mul(0.02));
                        tensors.put(
                                module + ".lora_B.weight",
                                manager.randomNormal(new Shape(shape.get(0), rank))
                                        .mul(0.02));
                    }
                }
                SafeTensors.write(file, tensors, DataType.FLOAT16);
            }
        }
        return file;
    }
}
