package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.kafka.Acknowledgement;
import io.ruido.kafka.JobConsumer;
import io.ruido.kafka.JobPublisher;
import io.ruido.redis.ChangeResult;
import io.ruido.redis.JobStore;
import java.util.List;

/** Encodes a prompt once and publishes one sampling job for each image. */
final class PromptStage implements JobConsumer.Handler {
    private final JobStore store;
    private final JobPublisher publisher;
    private final TextStage text;
    private final Retry retry;
    private final Observer observer;

    PromptStage(JobStore store, JobPublisher publisher, TextStage text, Retry retry, Observer observer) {
        this.store = store;
        this.publisher = publisher;
        this.text = text;
        this.retry = retry;
        this.observer = observer;
    }

    @Override
    public Acknowledgement handle(Job job) {
        return switch (job) {
            case PromptJob prompt -> handle(prompt);
            case SamplingJob sampling ->
                new Acknowledgement.Reject("a sampling job does not belong on the prompt queue");
        };
    }

    private Acknowledgement handle(PromptJob job) {
        ChangeResult begun = retry.await(() -> store.encode(job.jobId()));
        return switch (begun) {
            case ChangeResult.Done done -> {
                TextStage.Encoded encoded;
                try {
                    encoded = observer.stage(Stage.ENCODING, job.params().model(), () -> text.encode(job));
                } catch (IllegalArgumentException e) {
                    yield new Acknowledgement.Reject(e.getMessage());
                }
                List<String> warnings = encoded.conditioning().warnings();
                if (!warnings.isEmpty()) {
                    retry.await(() -> store.warn(job.jobId(), warnings));
                }
                List<SamplingJob> samples = job.fanOut(encoded.key()).toList();
                retry.await(() -> publisher.publishAll(samples));
                yield new Acknowledgement.Accept();
            }
            case ChangeResult.Finished finished -> new Acknowledgement.Accept();
            case ChangeResult.Lost lost -> new Acknowledgement.Accept();
            case ChangeResult.Unknown unknown -> new Acknowledgement.Reject("Redis does not know the job");
        };
    }
}
