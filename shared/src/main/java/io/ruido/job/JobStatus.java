package io.ruido.job;

import java.time.Instant;
import java.util.List;

/**
 * The current status of a job in Redis.
 *
 * @param tenant owner of the job
 * @param expiresAt time when it becomes EXPIRED unless it is finished, or null
 * @param startedAt time when a worker first took it, or null
 * @param finishedAt time when it became terminal, or null
 * @param position position in the queue of the model, from 1, or null when it does not wait
 * @param eta expected end, or null while it is unknown
 * @param error reason of a failure, or null
 * @param warnings parts of the request without effect, for example which part of the prompt was cut off
 * @param trace trace context as W3C's {@code traceparent}, or null
 * @param lastEvent number of the newest event, from which to watch without a gap
 */
public record JobStatus(
        Job job,
        String tenant,
        JobState state,
        List<Image> images,
        Instant expiresAt,
        Instant startedAt,
        Instant finishedAt,
        Integer position,
        Instant eta,
        String error,
        List<String> warnings,
        String trace,
        long lastEvent) {

    public JobStatus {
        images = List.copyOf(images);
        warnings = warnings == null ? List.of() : List.copyOf(warnings);
    }

    /**
     * @param step number of finished denoising steps
     * @param worker worker that has or had it, or null
     * @param attempt number of claims by workers
     * @param key key of the finished object in the bucket, or null
     * @param mediaType media type of that object, or null
     */
    public record Image(int index, JobState state, int step, String worker, int attempt, String key, String mediaType) {
        /** Returns the extension of the finished object's name, with the dot. */
        public String extension() {
            return key.substring(key.lastIndexOf('.'));
        }
    }
}
