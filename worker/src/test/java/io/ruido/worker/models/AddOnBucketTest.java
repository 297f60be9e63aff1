package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.job.prompting.AddOn;
import io.ruido.s3.S3Clients;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AddOnBucketTest {
    private static final String SETTING = "ruido.worker.loras";

    @TempDir
    Path folder;

    private Path models;
    private EmbeddedS3 s3;
    private Map<String, String> settings;
    private MinioClient client;
    private AddOnFiles files;

    @BeforeEach
    void start() throws Exception {
        models = Files.createDirectories(folder.resolve("models"));
        s3 = EmbeddedS3.start(folder.resolve("s3"), 0);
        settings = new HashMap<>(s3.settings());
        settings.put("ruido.worker.models", models.toString());
        RuidoConfig config = RuidoConfig.load(s3.settings(), Map.of(), Optional.empty());
        client = S3Clients.create(config.s3(), s3.endpoint());
        client.makeBucket(MakeBucketArgs.builder().bucket("files").build());
        put("apple", "one");
        files = open();
    }

    @AfterEach
    void stop() {
        s3.close();
    }

    private AddOnFiles open() throws IOException {
        return AddOnFiles.of(
                RuidoConfig.load(settings, Map.of(), Optional.empty()), SETTING, Optional.of("s3://files/loras"));
    }

    private void put(String name, String content) throws Exception {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        client.putObject(PutObjectArgs.builder().bucket("files").object("loras/" + name + ".safetensors").stream(
                        new ByteArrayInputStream(bytes), bytes.length, -1)
                .build());
    }

    private Path find(String name) throws IOException {
        return files.find(name).orElseThrow().file();
    }

    @Test
    void aFileThatIsNewerThanTheListingIsFoundAndOneThatIsNotThereIsNot() throws Exception {
        assertThat(files.list()).containsExactly(new AddOn("apple", 3));
        put("pear", "four");

        assertThat(find("pear")).hasContent("four");
        assertThat(files.list()).containsExactly(new AddOn("apple", 3), new AddOn("pear", 4));
        assertThat(files.find("plum")).isEmpty();
    }

    @Test
    void aFileThatIsReplacedOrRemovedAfterItWasListedIsNoticed() throws Exception {
        put("apple", "other");
        assertThatThrownBy(() -> files.find("apple")).isInstanceOf(IOException.class);
        assertThat(find("apple")).as("the next attempt").hasContent("other");

        put("pear", "four");
        assertThat(files.find("plum")).isEmpty();
        client.removeObject(RemoveObjectArgs.builder()
                .bucket("files")
                .object("loras/pear.safetensors")
                .build());
        assertThatThrownBy(() -> files.find("pear")).isInstanceOf(IOException.class);
        assertThat(files.find("pear")).as("the next attempt").isEmpty();
    }

    @Test
    void whileTheServerIsAwayTheListingIsKeptAndNothingIsSaidToBeMissing() throws Exception {
        Path apple = find("apple");
        int port = s3.endpoint().getPort();
        s3.close();

        assertThat(files.list()).containsExactly(new AddOn("apple", 3));
        assertThat(find("apple")).isEqualTo(apple);
        assertThatThrownBy(() -> files.find("pear"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("s3://files/loras/");
        files = open();
        assertThat(files.list()).isEmpty();
        assertThatThrownBy(() -> files.awaitList()).isInstanceOf(IOException.class);

        s3 = EmbeddedS3.start(folder.resolve("s3"), port);
        assertThat(files.awaitList()).containsExactly(new AddOn("apple", 3));
        assertThat(find("apple")).isEqualTo(apple);
    }

    @Test
    void aFetchedFileIsUsedAgainAfterARestartAndRemovedWhenItIsNoLongerInTheBucket() throws Exception {
        Path old = find("apple");
        assertThat(old).startsWithRaw(models);
        Files.writeString(old, "kept");
        files = open();
        assertThat(find("apple")).isEqualTo(old).hasContent("kept");

        put("apple", "other");
        files = open();
        assertThat(old).as("a job may be about to read it").exists();
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        Path killed = Files.writeString(old.resolveSibling("killed.part"), "half");
        Files.setLastModifiedTime(killed, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        Path current = find("apple");
        files = open();

        assertThat(old).doesNotExist();
        assertThat(killed).doesNotExist();
        assertThat(current).hasContent("other");
    }

    @Test
    void manyThreadsGetTheSameFile() throws Exception {
        List<Path> found = IntStream.range(0, 16)
                .parallel()
                .mapToObj(_ -> {
                    try {
                        return find("apple");
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();

        assertThat(found).containsOnly(find("apple"));
        assertThat(found.getFirst()).hasContent("one");
        try (var cached = Files.list(found.getFirst().getParent())) {
            assertThat(cached).hasSize(1);
        }
    }
}
