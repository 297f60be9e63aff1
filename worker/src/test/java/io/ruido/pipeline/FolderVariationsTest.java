package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.job.Geometry;
import io.ruido.job.Seeds;
import io.ruido.model.Golden;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders as people have them, of which the goldens of pipelines are the plainest: see make_folder_goldens.py. */
class FolderVariationsTest {
    private static final Path PLAIN = Golden.path("golden/pipelines/stable-diffusion");
    private static final Path FOLDERS = Golden.path("golden/folders");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final NDManager manager = Torch.newManager();

    @BeforeEach
    void copyPlain() throws IOException {
        Golden.copy(PLAIN, folder);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private byte[] drawn(String prompt) throws IOException {
        try (var pipeline = DiffusionPipeline.read(folder, Device.cpu(), DataType.FLOAT32)) {
            SampleRequest request = new SampleRequest(
                    prompt,
                    "blue",
                    Seeds.of(7),
                    5,
                    Optional.empty(),
                    4,
                    0,
                    Geometry.ofImage(16, 16),
                    0,
                    Optional.empty());
            RgbImage picture =
                    new Sampling(pipeline).run(request, step -> {}).frames().first();
            return picture.rgb();
        }
    }

    private void assertPicture(String name, NDArray expected, byte[] actual) {
        float[] pixels = expected.transpose(1, 2, 0).reshape(-1).toFloatArray();
        for (int i = 0; i < pixels.length; i++) {
            assertThat((double) Math.abs((actual[i] & 0xff) - pixels[i]))
                    .as(name)
                    .isLessThanOrEqualTo(1);
        }
    }

    @Test
    void settingsThatDisagreeAreReadAsDiffusersReadsThem() throws IOException {
        Map<String, NDArray> pictures =
                SafeTensors.read(FOLDERS.resolve("pictures.safetensors"), manager, DataType.FLOAT32);
        JsonNode prompts = JSON.readTree(FOLDERS.resolve("prompts.json").toFile());
        for (var prompt : prompts.properties()) {
            copyPlain();
            Golden.copy(FOLDERS.resolve(prompt.getKey()), folder);

            assertPicture(
                    prompt.getKey(),
                    pictures.get(prompt.getKey()),
                    drawn(prompt.getValue().asText()));
        }
    }

    @Test
    void aSettingThatNoSchedulerHasIsReportedAndHasNoEffect() throws IOException {
        Golden.copy(FOLDERS.resolve("HeunDiscreteScheduler"), folder);

        FolderReport report = FolderReport.of(folder);

        assertThat(report.supported()).as(report.toString()).isTrue();
        assertThat(report.parts())
                .filteredOn(part -> part.name().equals("scheduler"))
                .flatExtracting(FolderReport.Part::warnings)
                .containsExactly("setting of_no_scheduler is unknown and has no effect");
    }

    @Test
    void aPointerOfGitLfsIsRefusedWithWhatToDo() throws IOException {
        Files.writeString(
                folder.resolve("unet/diffusion_pytorch_model.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n");

        assertThatThrownBy(() -> drawn("a red apple"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a pointer of Git LFS")
                .hasMessageContaining("git lfs pull");
    }
}
