package io.ruido.worker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.job.UnavailableModel;
import io.ruido.s3.S3Clients;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDownloadTest {
    private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

    private static EmbeddedS3 s3;
    private static MinioClient client;

    @TempDir
    Path cache;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        s3 = EmbeddedS3.start(folder, 0);
        RuidoConfig config = RuidoConfig.load(s3.settings(), Map.of(), Optional.empty());
        client = S3Clients.create(config.s3(), s3.endpoint());
        client.makeBucket(MakeBucketArgs.builder().bucket("models").build());
    }

    @AfterAll
    static void stop() {
        s3.close();
    }

    private List<UnavailableModel> download(String prefix, String names) throws IOException {
        Map<String, String> settings = new HashMap<>(s3.settings());
        settings.put("ruido.worker.models", cache.toString());
        settings.put("ruido.worker.model-source", "s3://models/" + prefix);
        settings.put("ruido.worker.model-names", names);
        return ModelDownload.run(RuidoConfig.load(settings, Map.of(), Optional.empty()));
    }

    private static void put(String key, String content) throws Exception {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        client.putObject(PutObjectArgs.builder().bucket("models").object(key).stream(
                        new ByteArrayInputStream(bytes), bytes.length, -1)
                .build());
    }

    /** A model of these files, with the checksums that sha256sum writes. */
    private static void put(String folder, Map<String, String> files) throws Exception {
        for (var file : files.entrySet()) {
            put(folder + "/" + file.getKey(), file.getValue());
        }
        put(
                folder + "/SHA256SUMS",
                new TreeMap<>(files)
                        .entrySet().stream()
                                .map(file -> "%s  ./%s%n".formatted(sha256(file.getValue()), file.getKey()))
                                .collect(Collectors.joining()));
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theNamedModelsAreFetchedOnceAndAgainWhenTheyHaveChanged() throws Exception {
        put("all/apples", Map.of("model_index.json", "{}", UNET, "weights", "old.bin", "old"));
        put("all/pears", Map.of("model_index.json", "{}"));
        download("all/", "apples");
        Path unet = cache.resolve("apples").resolve(UNET);
        assertThat(unet).hasContent("weights");
        assertThat(cache.resolve("pears")).doesNotExist();

        Files.writeString(unet, "kept");
        download("all", "apples");
        assertThat(unet).as("a complete folder is not read again").hasContent("kept");

        put("all/apples", Map.of("model_index.json", "{\"new\": 1}", UNET, "weights"));
        download("all", "apples");
        assertThat(unet).as("differs from its checksum").hasContent("weights");
        assertThat(cache.resolve("apples/model_index.json")).hasContent("{\"new\": 1}");
        assertThat(cache.resolve("apples/old.bin")).doesNotExist();
    }

    @Test
    void aFileThatDiffersFromItsChecksumIsNotKept() throws Exception {
        put("bad/apples", Map.of("model_index.json", "{}", UNET, "weights"));
        put("bad/apples/" + UNET, "weighty");
        assertThat(download("bad", "apples"))
                .containsExactly(new UnavailableModel(
                        "apples",
                        "apples/%s: its SHA-256 must be %s, was %s"
                                .formatted(UNET, sha256("weights"), sha256("weighty"))));
        assertThat(cache.resolve("apples/unet")).isEmptyDirectory();
        assertThat(cache.resolve("apples/SHA256SUMS")).doesNotExist();
    }

    @Test
    void whatCannotBeFetchedIsToldWithItsReasonAndTheOthersAreFetched() throws Exception {
        put("some/apples/model_index.json", "{}");
        put("some/pears", Map.of("model_index.json", "{}"));
        assertThat(download("some", "apples,plums,pears"))
                .extracting(UnavailableModel::name, UnavailableModel::reason)
                .containsExactly(
                        tuple("apples", "model apples in s3://models/some has no SHA256SUMS: create it with sha256sum"),
                        tuple(
                                "plums",
                                "ruido.worker.model-names: no model plums in s3://models/some, which has [apples, pears]"));
        assertThat(cache.resolve("pears/model_index.json")).hasContent("{}");

        put("outside/apples/SHA256SUMS", sha256("x") + "  ../escaped\n");
        assertThat(download("outside", "apples").getFirst().reason()).contains("../escaped");
    }
}
