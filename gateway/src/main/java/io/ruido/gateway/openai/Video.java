package io.ruido.gateway.openai;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.job.Geometry;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingParams;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A clip in OpenAI's format.
 *
 * @param createdAt seconds since 1970, as for the other times
 * @param completedAt null until it is finished
 * @param expiresAt when it is deleted; null until it is finished
 * @param progress in percent
 * @param seconds duration from the first frame to the last
 * @param size width and height
 * @param remixedFromVideoId the clip whose settings it has, or null
 * @param error null unless it failed
 */
record Video(
        String id,
        String object,
        String model,
        String prompt,
        String status,
        int progress,
        @JsonProperty("created_at") long createdAt,
        @JsonProperty("completed_at") Long completedAt,
        @JsonProperty("expires_at") Long expiresAt,
        String seconds,
        String size,
        @JsonProperty("remixed_from_video_id") String remixedFromVideoId,
        Error error) {
    /** Marks the jobs of this interface; a remix also names the job that it was made from. */
    private static final String ORIGIN = "openai-videos";

    private static final Pattern ID =
            Pattern.compile("video_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})");
    private static final int DECIMALS = 3;
    private static final int DONE = 100;

    record Error(String code, String message) {}

    /** @param retention how long a finished job is kept */
    static Video of(JobStatus status, Duration retention) {
        SamplingParams params = status.job().params();
        Instant finished = status.finishedAt();
        return new Video(
                id(status.job().jobId()),
                "video",
                params.model(),
                status.job().prompt(),
                state(status.state()),
                progress(status),
                status.job().submittedAt().getEpochSecond(),
                finished == null ? null : (Long) finished.getEpochSecond(),
                finished == null ? null : (Long) finished.plus(retention).getEpochSecond(),
                seconds(params),
                params.width() + "x" + params.height(),
                remixedFrom(status),
                error(status));
    }

    static String id(UUID job) {
        return "video_" + job.toString().replace("-", "");
    }

    /** Returns the job of a clip; fails with a {@link ProblemException} when the id is invalid. */
    static UUID job(String id) {
        Matcher parts = ID.matcher(id);
        if (!parts.matches()) {
            throw unknown(id);
        }
        return UUID.fromString(parts.replaceFirst("$1-$2-$3-$4-$5"));
    }

    static ProblemException unknown(String id) {
        return new ProblemException(
                Problem.of(Problem.Code.NOT_FOUND, "There is no video %s.".formatted(Problem.cut(id))));
    }

    static boolean isClip(JobStatus status) {
        return status.job().params().geometry().isClip();
    }

    /** @param remixed job that a remix is made from, or null */
    static String origin(UUID remixed) {
        return remixed == null ? ORIGIN : ORIGIN + ":" + remixed;
    }

    private static String remixedFrom(JobStatus status) {
        String origin = status.job() instanceof PromptJob job ? job.origin() : null;
        boolean remix = origin != null && origin.startsWith(ORIGIN + ":");
        return remix ? id(UUID.fromString(origin.substring(ORIGIN.length() + 1))) : null;
    }

    /** Converts the state; every job without a worker counts as queued. */
    private static String state(JobState state) {
        return switch (state) {
            case QUEUED -> "queued";
            case ENCODING, SAMPLING, DECODING -> "in_progress";
            case SUCCEEDED -> "completed";
            case FAILED, CANCELLED, EXPIRED -> "failed";
        };
    }

    private static int progress(JobStatus status) {
        int made = status.images().stream().mapToInt(JobStatus.Image::step).sum();
        int all = status.images().size() * status.job().params().stepsMade();
        return status.state() == JobState.SUCCEEDED ? DONE : Math.min(DONE - 1, DONE * made / all);
    }

    private static String seconds(SamplingParams params) {
        Geometry geometry = params.geometry();
        Double fps = params.output().fps();
        return fps == null
                ? "0"
                : BigDecimal.valueOf((geometry.frames() - 1) / fps)
                        .setScale(DECIMALS, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString();
    }

    private static Error error(JobStatus status) {
        return switch (status.state()) {
            case FAILED -> new Error(Problem.Code.JOB_FAILED.label(), String.valueOf(status.error()));
            case CANCELLED -> new Error(Problem.Code.JOB_CANCELLED.label(), "The job was cancelled.");
            case EXPIRED -> new Error(Problem.Code.JOB_TOO_LATE.label(), "The job was not finished in time.");
            default -> null;
        };
    }
}
