package io.ruido.pipeline.lora;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.Sampling;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Files in the ways that diffusers and PEFT can write them, beside the pictures of diffusers: see make_lora_goldens.py. */
class LoraTest {
    private static final Path FOLDER = Golden.path("golden/pipelines/stable-diffusion");
    private static final Path LORAS = Golden.path("golden/loras");

    private static Path file(String name) {
        return LORAS.resolve(name + ".safetensors");
    }

    private static byte[] picture(List<LoraFile> files) throws IOException {
        JsonNode run =
                new ObjectMapper().readTree(LORAS.resolve("run.json").toFile()).get(0);
        SampleRequest request = new SampleRequest(
                run.get("prompt").asText(),
                run.get("negative").asText(),
                Seeds.of(run.get("seed").asLong()),
                run.get("steps").asInt(),
                Optional.empty(),
                run.get("guidance").asDouble(),
                0,
                Geometry.ofImage(run.get("width").asInt(), run.get("height").asInt()),
                0,
                Optional.empty());
        try (var pipeline = DiffusionPipeline.read(FOLDER, Device.cpu(), DataType.FLOAT32, files)) {
            return new Sampling(pipeline)
                    .run(request, step -> {})
                    .frames()
                    .first()
                    .rgb();
        }
    }

    @Test
    void aFileIsAppliedAsInDiffusers() throws IOException {
        try (NDManager manager = Torch.newManager()) {
            Map<String, NDArray> pictures = SafeTensors.read(file("pictures"), manager, DataType.FLOAT32);
            for (String name : pictures.keySet()) {
                String[] parts = name.split(":");
                byte[] picture = picture(
                        name.equals("none")
                                ? List.of()
                                : List.of(new LoraFile(file(parts[0]), Double.parseDouble(parts[1]))));
                float[] expected =
                        pictures.get(name).transpose(1, 2, 0).reshape(-1).toFloatArray();
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) Math.abs((picture[i] & 0xff) - expected[i]))
                            .as(name)
                            .isLessThanOrEqualTo(1);
                }
            }
        }
    }

    /** PEFT puts an adapter's name into those of the tensors; this file has no settings, so that α is the rank. */
    @Test
    void anAdaptersNameInThoseOfTheTensorsMakesNoDifference() throws IOException {
        byte[] named = picture(List.of(new LoraFile(file("named-default"), 1)));
        byte[] plain = picture(List.of(new LoraFile(file("alpha-in-metadata"), 2 / 8.)));

        assertThat(named).isEqualTo(plain);
    }
}
