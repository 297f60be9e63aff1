package io.ruido.bench.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import org.junit.jupiter.api.Test;

class TimedPreviewTest {
    @Test
    void aStepSaysWhenItWasDue() {
        JobEvent step = new JobEvent.Step(7, 1, 0, 5, 20, TimedPreview.of(1_767_225_600_000_001L));

        assertThat(TimedPreview.due(JobJson.write(step))).hasValue(1_767_225_600_000_001L);
        assertThat(TimedPreview.due(JobJson.write(new JobEvent.State(1, 1, JobState.QUEUED, null))))
                .isEmpty();
    }
}
