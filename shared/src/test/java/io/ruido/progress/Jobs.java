package io.ruido.progress;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import io.ruido.job.Job;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** Jobs to test with. */
final class Jobs {
    private static final NoArgGenerator IDS = Generators.timeBasedEpochGenerator();

    private Jobs() {}

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
