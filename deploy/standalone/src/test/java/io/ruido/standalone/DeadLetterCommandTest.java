package io.ruido.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import io.ruido.kafka.Acknowledgement;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import io.ruido.kafka.Topics;
import io.ruido.redis.JobStore;
import io.ruido.redis.Redis;
import io.ruido.redis.SubmitOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DeadLetterCommandTest {
    private static final String MODEL = "apples";

    @TempDir
    Path folder;

    @Test
    void aJobThatWasGivenUpCanBeFoundAndTriedAgainOnce() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"), 0);
                EmbeddedRedis redisServer = EmbeddedRedis.start(folder.resolve("redis"), 0)) {
            Path settings = folder.resolve("ruido.properties");
            Properties all = new Properties();
            all.putAll(kafka.settings());
            all.putAll(redisServer.settings());
            all.putAll(Map.of("ruido.kafka.timeout", "PT60S", "ruido.redis.timeout", "PT60S"));
            try (Writer out = Files.newBufferedWriter(settings)) {
                all.store(out, null);
            }
            RuidoConfig config = RuidoConfig.load(Map.of(), Map.of(), Optional.of(settings));
            Topics.create(config.kafka(), List.of(MODEL));
            BlockingQueue<UUID> delivered = new LinkedBlockingQueue<>();
            try (Redis redis = Redis.connect(config.redis());
                    JobPublisher publisher = new JobPublisher(config.kafka())) {
                JobStore store = new JobStore(redis, Duration.ofSeconds(10), Duration.ofHours(1));
                PromptJob job = job();
                done(store.submit(job, SubmitOptions.of("acme")));
                done(publisher.publish(job));
                try (JobConsumer _ = JobConsumer.open(
                                config.kafka(),
                                Topics.prompt(MODEL),
                                1,
                                publisher,
                                taken -> {
                                    delivered.add(taken.jobId());
                                    return taken.jobId().equals(job.jobId())
                                            ? new Acknowledgement.Reject("no such weights")
                                            : new Acknowledgement.Accept();
                                },
                                new JobConsumer.Undeliverable() {
                                    @Override
                                    public int begun(Job taken) {
                                        return done(store.begun(taken));
                                    }

                                    @Override
                                    public void onUndeliverable(String id, String reason) {
                                        done(store.fail(UUID.fromString(id), reason));
                                    }
                                })
                        .getFirst()) {
                    await().atMost(Duration.ofSeconds(60)).until(() -> run(settings, "list")
                            .contains(job.jobId().toString()));
                    String listed = run(settings, "list");
                    String id = listed.split(" ", 2)[0];

                    assertThat(listed.lines()).hasSize(1);
                    assertThat(listed).contains("no such weights");
                    assertThat(run(settings, "show", id)).contains(Topics.prompt(MODEL), "\"prompt\":\"a red apple\"");
                    String replayed = run(settings, "replay", id);
                    UUID again = UUID.fromString(replayed.strip().replaceFirst(".* as ", ""));
                    assertThat(run(settings, "replay", id)).isEqualTo(replayed);

                    assertThat(delivered.poll(60, TimeUnit.SECONDS)).isEqualTo(job.jobId());
                    assertThat(delivered.poll(60, TimeUnit.SECONDS)).isEqualTo(again);
                    JobStatus status = done(store.find(again)).orElseThrow();
                    assertThat(status.state()).isEqualTo(JobState.QUEUED);
                    assertThat(status.tenant()).isEqualTo("acme");
                    assertThat(status.job().params()).isEqualTo(job.params());
                    assertThat(done(store.find(job.jobId())).orElseThrow().state())
                            .isEqualTo(JobState.FAILED);
                }
            }
        }
    }

    private static PromptJob job() {
        SamplingParams params = new SamplingParams(MODEL, 64, 64, 20, 4.5, "ddim", 7);
        return new PromptJob(UUID.randomUUID(), "a red apple", "", 2, params, Priority.BATCH, Instant.now());
    }

    private static String run(Path settings, String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine command = new CommandLine(new DeadLetterCommand()).setOut(new PrintWriter(out, true));
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(1, List.of("--config", settings.toString()));
        assertThat(command.execute(all.toArray(String[]::new))).isZero();
        return out.toString();
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
