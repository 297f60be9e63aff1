package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import io.ruido.model.Golden;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LoadedLorasTest {
    private static final LoadedLoras.Use UNUSED = use("alpha-in-metadata");
    private static final LoadedLoras.Use IN_USE = use("biased");

    private static DiffusionPipeline pipeline;

    private final List<Path> read = new ArrayList<>();

    @BeforeAll
    static void open() throws IOException {
        pipeline = DiffusionPipeline.read(
                Golden.path("golden/pipelines/stable-diffusion"), Device.cpu(), DataType.FLOAT32);
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    private static LoadedLoras.Use use(String name) {
        return new LoadedLoras.Use(name, Golden.path("golden/loras/" + name + ".safetensors"), "1", 1, 1);
    }

    private Lora read(Path file) {
        read.add(file);
        try {
            return pipeline.lora(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Uses one file twice, while another is in use all the time. */
    private void useTwice(long kept) {
        try (LoadedLoras loras = new LoadedLoras(this::read, kept);
                LoadedLoras.Held _ = loras.hold(List.of(IN_USE))) {
            loras.hold(List.of(UNUSED)).close();
            loras.hold(List.of(UNUSED)).close();
        }
    }

    @Test
    void filesInUseTakeNoRoomOfThoseThatAreKept() {
        long bytes;
        try (Lora lora = read(UNUSED.file())) {
            bytes = lora.bytes();
        }
        read.clear();

        useTwice(bytes);

        assertThat(read).containsExactly(IN_USE.file(), UNUSED.file());
    }

    @Test
    void aFileThatIsNotInUseIsReadAgainWhereThereIsNoRoom() {
        useTwice(0);

        assertThat(read).containsExactly(IN_USE.file(), UNUSED.file(), UNUSED.file());
    }
}
