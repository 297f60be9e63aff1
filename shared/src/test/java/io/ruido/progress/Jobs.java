package io.ruido.progress;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.Job;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.awaitility.Awaitility;

/** Jobs to test with, and a connection that outlasts a busy machine. */
final class Jobs {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final NoArgGenerator IDS = Generators.timeBasedEpochGenerator();

    private Jobs() {}

    static Redis connect(EmbeddedRedis server) throws IOException {
        Awaitility.setDefaultTimeout(PATIENCE);
        Map<String, String> settings =
                Map.of("ruido.redis.uri", server.uri(), "ruido.redis.timeout", PATIENCE.toString());
        return Redis.connect(
                RuidoConfig.load(settings, Map.of(), Optional.empty()).redis());
    }

    static Job prompt(int images) {
        return prompt(IDS.generate(), images);
    }

    static Job prompt(UUID id, int images) {
        return new PromptJob(
                id,
                "a red apple",
                "",
                images,
                new SamplingParams("apples", 128, 128, 20, 4.5, "ddim", 7),
                Priority.INTERACTIVE,
                Instant.now().truncatedTo(ChronoUnit.MILLIS));
    }
}
