package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ruido.job.JobState;
import io.ruido.job.PromptJob;
import io.ruido.job.UnavailableModel;
import io.ruido.model.Golden;
import io.ruido.redis.ModelRegistry;
import io.ruido.redis.Redis;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class UnavailableModelTest {
    private static final Path GOOD = Path.of("src/test/resources/golden", Servers.MODEL);

    @TempDir
    Path folder;

    @Test
    void aWorkerSkipsAFolderThatItCannotReadAndWaitsWhileThereIsNoOther() throws Exception {
        Path models = Files.createDirectories(folder.resolve("models"));
        Files.createDirectories(models.resolve("bad"));
        Files.writeString(models.resolve("bad/model_index.json"), "{\"_class_name\": \"FluxPipeline\"}");
        try (Servers servers = Servers.start(folder, models, Servers.MODEL);
                Redis redis = Redis.connect(servers.config.redis());
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<Worker> starting = threads.submit(servers::worker);
            ModelRegistry registry = new ModelRegistry(redis);
            await().until(() -> !unavailable(registry).isEmpty());
            assertThat(starting.isDone()).isFalse();

            Golden.copy(GOOD, folder.resolve("complete"));
            Files.move(folder.resolve("complete"), models.resolve(Servers.MODEL));
            try (Worker _ = starting.get()) {
                assertThat(unavailable(registry)).singleElement().satisfies(model -> {
                    assertThat(model.name()).isEqualTo("bad");
                    assertThat(model.reason()).contains("_class_name is FluxPipeline; supported: ");
                });
                PromptJob job = servers.submit("an apple", 1, 2, 7);
                servers.awaitState(job.jobId(), JobState.SUCCEEDED);
            }
        }
    }

    private static List<UnavailableModel> unavailable(ModelRegistry registry) {
        return registry.unavailable().toCompletableFuture().join();
    }
}
