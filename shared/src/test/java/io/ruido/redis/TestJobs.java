package io.ruido.redis;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import io.ruido.config.RuidoConfig;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.job.ModelCard;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.awaitility.Awaitility;

/** Jobs to test with, and a connection that outlasts a busy machine. */
final class TestJobs {
    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final NoArgGenerator IDS = Generators.timeBasedEpochGenerator();

    static final SamplingParams PARAMS = new SamplingParams("apples", 128, 128, 20, 4.5, "ddim", 7);
    static final ModelCard CARD =
            new ModelCard("apples", "", "", "MIT", 64, 512, 64, PARAMS, List.of(new ModelCard.Sampler("ddim", "DDIM")));

    private TestJobs() {}

    static Redis connect(EmbeddedRedis server) throws IOException {
        Awaitility.setDefaultTimeout(TIMEOUT);
        Map<String, String> settings =
                Map.of("ruido.redis.uri", server.uri(), "ruido.redis.timeout", TIMEOUT.toString());
        return Redis.connect(
                RuidoConfig.load(settings, Map.of(), Optional.empty()).redis());
    }

    static PromptJob prompt(int images) {
        return prompt(IDS.generate(), images);
    }

    static PromptJob prompt(UUID id, int images) {
        return prompt(id, images, PARAMS, Priority.INTERACTIVE);
    }

    static PromptJob prompt(int steps, Priority priority) {
        return prompt(steps, 128, priority);
    }

    static PromptJob prompt(int steps, int side, Priority priority) {
        return prompt(IDS.generate(), 1, new SamplingParams("apples", side, side, steps, 4.5, "ddim", 7), priority);
    }

    private static PromptJob prompt(UUID id, int images, SamplingParams params, Priority priority) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        return new PromptJob(id, "a red apple", "", images, params, priority, now);
    }
}
