package io.ruido.worker;

import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.progress.Claim;
import io.ruido.queue.JobSlot;
import io.ruido.queue.Verdict;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims an image, has it denoised step by step, and hands the latents to the {@link Finisher}. */
final class SamplingStage implements JobSlot.Handler {
    private static final Logger log = LoggerFactory.getLogger(SamplingStage.class);

    private static final Duration ASK_AGAIN = Duration.ofMillis(500);

    private final Claims claims;
    private final Models models;
    private final TextStage text;
    private final DenoiseLoop loop;
    private final Finisher finisher;

    SamplingStage(Claims claims, Models models, TextStage text, DenoiseLoop loop, Finisher finisher) {
        this.claims = claims;
        this.models = models;
        this.text = text;
        this.loop = loop;
        this.finisher = finisher;
    }

    @Override
    public Verdict handle(Job job) throws Exception {
        return switch (job) {
            case SamplingJob sampling -> handle(sampling);
            case PromptJob prompt -> new Verdict.Reject("a prompt job does not belong on a sampling queue");
        };
    }

    private Verdict handle(SamplingJob job) throws Exception {
        while (!loop.closed()) {
            switch (claims.claim(job)) {
                case Claim.Granted(int attempt) -> {
                    return run(job, attempt);
                }
                case Claim.Owned(var lease) -> {
                    log.debug("job {} may still run elsewhere, for {} ms", job.id(), lease.toMillis());
                    Thread.sleep(lease.compareTo(ASK_AGAIN) < 0 ? lease : ASK_AGAIN);
                }
                case Claim.Over over -> {
                    return new Verdict.Accept();
                }
                case Claim.Unknown unknown -> {
                    return new Verdict.Reject("Redis does not know the job");
                }
            }
        }
        return new Verdict.Release();
    }

    private Verdict run(SamplingJob job, int attempt) throws Exception {
        Model model;
        Sample sample;
        try {
            model = models.get(job.params().model());
            sample = new Sample(model, job.params(), text.conditioning(job));
        } catch (IllegalArgumentException e) {
            return new Verdict.Reject(e.getMessage());
        }
        try (Claims.Held held = claims.hold(job, attempt, sample::stop)) {
            sample.onStep(denoising -> held.step(
                    denoising.step(), denoising.steps(), Png.dataUri(model.preview(denoising.x0(), job.params()))));
            loop.add(sample);
            return switch (end(sample, held)) {
                case Sample.End.Denoised(float[] latents) -> {
                    finisher.finish(job, attempt, latents);
                    yield new Verdict.Accept();
                }
                case Sample.End.Stopped stopped -> new Verdict.Accept();
                case Sample.End.Interrupted interrupted -> {
                    held.giveBack();
                    yield new Verdict.Release();
                }
            };
        }
    }

    private static Sample.End end(Sample sample, Claims.Held held) throws Exception {
        try {
            return sample.end().get();
        } catch (ExecutionException e) {
            held.giveBack();
            throw e;
        }
    }
}
