package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import java.util.UUID;

/** One image of a job, written {@code jobId/index}. */
public record SampleId(UUID jobId, int index) {
    public SampleId {
        check(jobId != null, "jobId", jobId, "must be given");
        check(index >= 0, "index", index, "must not be negative");
    }

    @Override
    public String toString() {
        return jobId + "/" + index;
    }
}
