package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.UploadObjectArgs;
import io.ruido.job.JobState;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.job.prompting.Prompting;
import io.ruido.s3.S3Clients;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with files from a bucket. */
@Timeout(120)
class AddOnJobTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();
    private static final String MODEL = "stable-diffusion";

    @Test
    void aJobWaitsForAFileWhileTheObjectStoreIsUnavailable(@TempDir Path folder) throws Exception {
        Path models = Files.createDirectories(folder.resolve("models"));
        Files.createSymbolicLink(
                models.resolve(MODEL), GOLDEN.resolve("pipelines").resolve(MODEL));
        try (Servers servers =
                Servers.start(folder, models, MODEL, Map.of("ruido.worker.loras", "s3://add-ons/loras"))) {
            MinioClient s3 = S3Clients.create(
                    servers.config.s3(), servers.config.s3().endpoint().orElseThrow());
            s3.makeBucket(MakeBucketArgs.builder().bucket("add-ons").build());
            try (Worker _ = servers.worker()) {
                s3.uploadObject(UploadObjectArgs.builder()
                        .bucket("add-ons")
                        .object("loras/later.safetensors")
                        .filename(GOLDEN.resolve("loras/alpha-in-metadata.safetensors")
                                .toString())
                        .build());
                servers.restartS3(Duration.ZERO, "another-secret");
                SamplingParams params = new SamplingParams(MODEL, 16, 16, 2, 4, "ddim", 7);
                PromptJob job = servers.submit(
                        "an apple",
                        1,
                        params.with(new Prompting(PromptSyntax.PLAIN, 0, List.of(new LoraUse("later", 1)))));
                servers.awaitState(job.jobId(), JobState.ENCODING);
                Awaitility.await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
                assertThat(servers.status(job.jobId()).state()).isEqualTo(JobState.ENCODING);

                servers.restartS3(Duration.ZERO);

                assertThat(servers.awaitState(job.jobId(), JobState.SUCCEEDED).images())
                        .hasSize(1);
            }
        }
    }
}
