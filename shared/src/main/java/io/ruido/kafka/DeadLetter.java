package io.ruido.kafka;

import io.ruido.job.Job;
import io.ruido.job.JobJson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * A record that could not be processed.
 *
 * @param id partition and offset, such as {@code 2-17}
 * @param jobId the record's key, or null
 * @param topic topic of the record
 * @param error why the record could not be processed
 */
public record DeadLetter(String id, Instant at, String jobId, String topic, String error, byte[] content) {
    /**
     * Parses the original record.
     *
     * @throws io.ruido.job.InvalidFieldException when it is not a job
     */
    public Job job() {
        return JobJson.read(content, Job.class);
    }

    /** Returns the original record. */
    public String text() {
        return new String(content, StandardCharsets.UTF_8);
    }
}
