package io.ruido.worker;

import io.ruido.diffusion.SampleState;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.progress.Claim;
import io.ruido.queue.JobSlot;
import io.ruido.queue.Verdict;
import java.time.Duration;
import java.util.Optional;
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
    private final Sources sources;
    private final DenoiseLoop loop;
    private final Progress progress;
    private final Finisher finisher;

    SamplingStage(
            Claims claims,
            Models models,
            TextStage text,
            Sources sources,
            DenoiseLoop loop,
            Progress progress,
            Finisher finisher) {
        this.claims = claims;
        this.models = models;
        this.text = text;
        this.sources = sources;
        this.loop = loop;
        this.progress = progress;
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
                    Optional<Verdict> verdict = run(job, attempt);
                    if (verdict.isPresent()) {
                        return verdict.get();
                    }
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

    /** Empty when the image is not this attempt's any more: the next claim tells why. */
    private Optional<Verdict> run(SamplingJob job, int attempt) throws Exception {
        Sample sample;
        try {
            Model model = models.get(job.params().model());
            sample = new Sample(model, job.params(), text.conditioning(job), begin(model, job, attempt));
        } catch (IllegalArgumentException e) {
            return Optional.of(new Verdict.Reject(e.getMessage()));
        }
        try (Claims.Held held = claims.hold(job, attempt, sample::stop)) {
            SampleState begun = sample.denoising();
            if (begun.step() > 0) {
                log.info("image {} goes on after step {} of {}", job.id(), begun.step(), begun.steps());
                held.step(begun.step(), begun.steps(), "");
            }
            sample.onStep(denoising -> progress.tell(held, sample, denoising));
            loop.add(sample);
            return switch (end(sample, held)) {
                case Sample.End.Denoised(float[] latents) -> {
                    if (!finisher.finish(job, attempt, latents)) {
                        yield Optional.empty();
                    }
                    held.forget();
                    yield Optional.of(new Verdict.Accept());
                }
                case Sample.End.Stopped stopped -> Optional.empty();
                case Sample.End.Interrupted(byte[] state) -> {
                    held.giveBack(state);
                    yield Optional.of(new Verdict.Release());
                }
            };
        }
    }

    /** From the last saved step of an earlier attempt, if there was one. */
    private SampleState begin(Model model, SamplingJob job, int attempt) {
        Optional<byte[]> saved = attempt == 1 ? Optional.empty() : claims.saved(job);
        if (saved.isPresent()) {
            try {
                return model.resume(job.params(), saved.get());
            } catch (IllegalArgumentException e) {
                log.warn("image {} begins anew: {}", job.id(), e.getMessage());
            }
        }
        return model.start(job.params(), sources.of(job.params()));
    }

    /** Once every step that was made is told. */
    private Sample.End end(Sample sample, Claims.Held held) throws Exception {
        try {
            Sample.End end = sample.end().get();
            progress.flush();
            return end;
        } catch (ExecutionException e) {
            held.giveBack();
            throw e;
        }
    }
}
