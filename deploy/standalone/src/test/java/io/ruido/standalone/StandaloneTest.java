package io.ruido.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.standalone.generate.GatewayClient;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandaloneTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(120);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
    private static final Path LOG = Path.of("target/ruido-process.log");

    @TempDir
    Path folder;

    private Map<String, String> environment;

    @BeforeEach
    void installModel() throws Exception {
        TinyModel.install(folder.resolve("models"));
        environment = Map.of(
                "RUIDO_HOME", folder.toString(),
                "RUIDO_GATEWAY_PORT", "0",
                "RUIDO_REDIS_TIMEOUT", "PT20S",
                "RUIDO_KAFKA_TIMEOUT", "PT20S",
                "RUIDO_S3_TIMEOUT", "PT20S");
    }

    @Test
    void jobsAcceptedBeforeAKillFinishAfterTheNextStart() throws Exception {
        String id;
        try (RuidoProcess first = RuidoProcess.start(Ruido.class, LOG, environment, "up");
                GatewayClient client = new GatewayClient(first.address())) {
            id = submitLong(client);
            awaitFirstStep(client, id);
            first.kill();
        }
        try (RuidoProcess second = RuidoProcess.start(Ruido.class, LOG, environment, "up");
                GatewayClient client = new GatewayClient(second.address())) {
            assertThat(client.watch(id, event -> {}).state()).isEqualTo(JobState.SUCCEEDED);
            assertThat(client.image(id, 7)).startsWith(0x89, 'P', 'N', 'G');

            awaitFirstStep(client, submitLong(client));
            second.terminate(); // in the middle of a job: a crash would have another status
            assertThat(second.await(CLOSE_TIMEOUT)).isEqualTo(143);
        }
        assertThat(folder.resolve(".ruido/redis/redis.pid"))
                .as("Redis stopped too")
                .doesNotExist();
    }

    @Test
    void generateStartsWhatItNeedsAndTheSameSettingsGiveTheSamePicture() throws Exception {
        Path alone = folder.resolve("alone.png");
        try (RuidoProcess generate = generate(alone)) {
            assertThat(generate.await(TIMEOUT)).isZero();
        }
        Path served = folder.resolve("served.png");
        Path changed = folder.resolve("changed.png");
        String[] change = {
            "--image", alone.toString(), "--strength", "0.7", "--guidance", "2", "--sampler", "ddim", "--size", "32x16"
        };
        try (RuidoProcess up = RuidoProcess.start(Ruido.class, LOG, environment, "up")) {
            URI address = up.address();
            try (RuidoProcess generate = generate(served, "--server", address.toString())) {
                assertThat(generate.await(TIMEOUT)).isZero();
            }
            String[] more = Stream.concat(Stream.of("--server", address.toString()), Stream.of(change))
                    .toArray(String[]::new);
            try (RuidoProcess generate = generate(changed, more)) {
                assertThat(generate.await(TIMEOUT)).isZero();
            }
            up.terminate();
            up.await(CLOSE_TIMEOUT);
        }
        assertThat(served).hasSameBinaryContentAs(alone);

        Path sampled = folder.resolve("sampled.png");
        String[] sample = {
            "sample",
            "--model",
            folder.resolve("models/tiny").toString(),
            "--prompt",
            "a red apple",
            "--steps",
            "3",
            "--seed",
            "7",
            "--out",
            sampled.toString()
        };
        String[] arguments = Stream.of(sample, change).flatMap(Stream::of).toArray(String[]::new);
        try (RuidoProcess process = RuidoProcess.start(Ruido.class, LOG, environment, arguments)) {
            assertThat(process.await(TIMEOUT)).isZero();
        }
        assertThat(pixels(changed)).isEqualTo(pixels(sampled));
    }

    private static String submitLong(GatewayClient client) throws Exception {
        return client.submit(JobJson.MAPPER.readTree("""
                        {"prompt": "a red apple", "steps": 150, "count": 8, "seed": 7}""")).get("id").asText();
    }

    private static int[] pixels(Path file) throws IOException {
        BufferedImage picture = ImageIO.read(file.toFile());
        assertThat(List.of(picture.getWidth(), picture.getHeight())).containsExactly(32, 16);
        return picture.getRGB(0, 0, 32, 16, null, 0, 32);
    }

    private RuidoProcess generate(Path out, String... more) throws Exception {
        String[] arguments = {"generate", "a red apple", "--steps", "3", "--seed", "7", "--out", out.toString()};
        return RuidoProcess.start(
                Ruido.class,
                LOG,
                environment,
                Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new));
    }

    private static void awaitFirstStep(GatewayClient client, String id) {
        CompletableFuture<JobEvent> step = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                client.watch(id, event -> {
                    if (event instanceof JobEvent.Step) {
                        step.complete(event);
                    }
                });
            } catch (Exception e) {
                step.completeExceptionally(e);
            }
        });
        step.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
    }
}
