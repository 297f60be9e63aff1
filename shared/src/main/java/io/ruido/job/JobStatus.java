package io.ruido.job;

import java.time.Instant;
import java.util.List;

/**
 * A job as Redis knows it now.
 *
 * @param tenant on whose account it runs
 * @param expiresAt when it becomes EXPIRED unless it is finished, or null
 * @param startedAt when a worker first took it, or null
 * @param finishedAt when it became terminal, or null
 * @param position among the jobs that wait for the model, from 1, or null when it does not wait
 * @param eta when it will be finished as far as is known, or null
 * @param error why it failed, or null
 * @param warnings of what the images will not have, such as what of the prompt was cut off
 * @param trace to which it belongs, as W3C's {@code traceparent}, or null
 * @param lastEvent number of the newest event, to watch from here without a gap
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
     * @param step denoising steps done
     * @param worker that has or had it, or null
     * @param attempt how many workers have claimed it
     * @param key of the finished object in the results' bucket, or null
     * @param mediaType of that object, or null
     */
    public record Image(int index, JobState state, int step, String worker, int attempt, String key, String mediaType) {
        /** Returns the extension of the finished object's name, with the dot. */
        public String extension() {
            return key.substring(key.lastIndexOf('.'));
        }
    }
}
