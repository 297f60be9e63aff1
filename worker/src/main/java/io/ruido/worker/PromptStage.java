package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.progress.Change;
import io.ruido.progress.JobStore;
import io.ruido.queue.JobPublisher;
import io.ruido.queue.JobSlot;
import io.ruido.queue.Verdict;
import java.util.List;

/** Encodes a prompt once and publishes one sampling job an image. */
final class PromptStage implements JobSlot.Handler {
    private final JobStore store;
    private final JobPublisher publisher;
    private final TextStage text;
    private final Patience patience;
    private final Observer observer;

    PromptStage(JobStore store, JobPublisher publisher, TextStage text, Patience patience, Observer observer) {
        this.store = store;
        this.publisher = publisher;
        this.text = text;
        this.patience = patience;
        this.observer = observer;
    }

    @Override
    public Verdict handle(Job job) {
        return switch (job) {
            case PromptJob prompt -> handle(prompt);
            case SamplingJob sampling -> new Verdict.Reject("a sampling job does not belong on the prompt queue");
        };
    }

    private Verdict handle(PromptJob job) {
        Change begun = patience.await(() -> store.encode(job.jobId()));
        return switch (begun) {
            case Change.Done done -> {
                String conditioningKey;
                try {
                    conditioningKey =
                            observer.stage(Stage.ENCODING, job.params().model(), () -> text.encode(job));
                } catch (IllegalArgumentException e) {
                    yield new Verdict.Reject(e.getMessage());
                }
                List<SamplingJob> samples = job.fanOut(conditioningKey).toList();
                patience.await(() -> publisher.publishAll(samples));
                yield new Verdict.Accept();
            }
            case Change.Over over -> new Verdict.Accept();
            case Change.Lost lost -> new Verdict.Accept();
            case Change.Unknown unknown -> new Verdict.Reject("Redis does not know the job");
        };
    }
}
