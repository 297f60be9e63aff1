package io.ruido.gateway.a1111;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * How far a job is, as AUTOMATIC1111's clients read it.
 *
 * @param progress from 0 to 1
 * @param etaRelative seconds that remain, judged by those that have passed
 * @param currentImage preview, base64, or null
 * @param textinfo always null
 */
@JsonNaming(SnakeCaseStrategy.class)
record SdProgress(double progress, double etaRelative, State state, String currentImage, String textinfo) {
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);

    /** Nothing runs. */
    static final SdProgress IDLE = new SdProgress(0, 0, new State(false, false, "", 0, "0", 0, 0, 0), null, null);

    /**
     * @param job its id, or empty
     * @param jobNo the first image that is not finished
     */
    @JsonNaming(SnakeCaseStrategy.class)
    record State(
            boolean skipped,
            boolean interrupted,
            String job,
            int jobCount,
            String jobTimestamp,
            int jobNo,
            int samplingStep,
            int samplingSteps) {}

    /** @param preview base64, or null */
    static SdProgress of(JobStatus status, String preview, Instant now) {
        int steps = status.job().stepsMade();
        int all = status.images().size() * steps;
        int done = status.images().stream()
                .mapToInt(image -> image.state() == JobState.SUCCEEDED ? steps : image.step())
                .sum();
        JobStatus.Image current = status.images().stream()
                .filter(image -> image.state() != JobState.SUCCEEDED)
                .findFirst()
                .orElse(status.images().getLast());
        State state = new State(
                false,
                false,
                status.job().jobId().toString(),
                status.images().size(),
                TIMESTAMP.format(status.job().submittedAt()),
                current.index(),
                current.step(),
                steps);
        double passed = status.startedAt() == null
                ? 0
                : Duration.between(status.startedAt(), now).toMillis() / 1000.0;
        double remaining = done == 0 ? 0 : Math.max(0, passed * (all - done) / done);
        return new SdProgress((double) done / all, remaining, state, preview, null);
    }
}
