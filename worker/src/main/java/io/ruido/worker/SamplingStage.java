package io.ruido.worker;

import io.ruido.diffusion.NotFiniteException;
import io.ruido.diffusion.SampleState;
import io.ruido.job.Job;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.kafka.Acknowledgement;
import io.ruido.kafka.JobConsumer;
import io.ruido.redis.ClaimResult;
import io.ruido.worker.denoise.DenoiseLoop;
import io.ruido.worker.denoise.Sample;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims an image, has it denoised step by step, and hands the latents to the {@link Finisher}. */
final class SamplingStage implements JobConsumer.Handler {
    private static final Logger log = LoggerFactory.getLogger(SamplingStage.class);

    private static final Duration ASK_AGAIN = Duration.ofMillis(500);

    private final Claims claims;
    private final SampleFactory sampleFactory;
    private final DenoiseLoop loop;
    private final ProgressReporter progress;
    private final Finisher finisher;

    SamplingStage(
            Claims claims,
            SampleFactory sampleFactory,
            DenoiseLoop loop,
            ProgressReporter progress,
            Finisher finisher) {
        this.claims = claims;
        this.sampleFactory = sampleFactory;
        this.loop = loop;
        this.progress = progress;
        this.finisher = finisher;
    }

    @Override
    public Acknowledgement handle(Job job) throws Exception {
        return switch (job) {
            case SamplingJob sampling -> handle(sampling);
            case PromptJob prompt -> new Acknowledgement.Reject("a prompt job does not belong on a sampling queue");
        };
    }

    private Acknowledgement handle(SamplingJob job) throws Exception {
        Duration left = null;
        while (!loop.closed()) {
            switch (claims.claim(job)) {
                case ClaimResult.Granted(int attempt) -> {
                    Optional<Acknowledgement> verdict = runOnce(job, attempt);
                    if (verdict.isPresent()) {
                        return verdict.get();
                    }
                }
                case ClaimResult.Owned(var lease) -> {
                    if (left != null && lease.compareTo(left) >= 0) {
                        // Renewed: its owner lives. Should it die later, a gateway publishes the image again.
                        return new Acknowledgement.Accept();
                    }
                    left = lease;
                    log.debug("job {} may still run elsewhere, for {} ms", job.id(), lease.toMillis());
                    Thread.sleep(lease.compareTo(ASK_AGAIN) < 0 ? lease : ASK_AGAIN);
                }
                case ClaimResult.Finished finished -> {
                    return new Acknowledgement.Accept();
                }
                case ClaimResult.Unknown unknown -> {
                    return new Acknowledgement.Reject("Redis does not know the job");
                }
            }
        }
        return new Acknowledgement.Release();
    }

    /** Values that are not finite would be so in every attempt. */
    private Optional<Acknowledgement> runOnce(SamplingJob job, int attempt) throws Exception {
        try {
            return run(job, attempt);
        } catch (NotFiniteException e) {
            return Optional.of(new Acknowledgement.Reject(e.getMessage()));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NotFiniteException notFinite) {
                return Optional.of(new Acknowledgement.Reject(notFinite.getMessage()));
            }
            throw e;
        }
    }

    /** Empty when this attempt no longer owns the image: the next claim has the reason. */
    private Optional<Acknowledgement> run(SamplingJob job, int attempt) throws Exception {
        CompletableFuture<Sample> made = new CompletableFuture<>();
        CompletableFuture<Sample> enlarged = new CompletableFuture<>();
        // Renew the lease from now on: encoding a large image, after those before it, can take longer than a lease.
        try (Claims.Held held = claims.hold(job, attempt, () -> {
            made.thenAccept(Sample::stop);
            enlarged.thenAccept(Sample::stop);
        })) {
            Sample sample;
            try {
                sample = sampleFactory.create(job, attempt);
            } catch (IllegalArgumentException e) {
                return Optional.of(new Acknowledgement.Reject(e.getMessage()));
            }
            made.complete(sample);
            SampleState begun = sample.denoising();
            Sample.End end;
            try (sample) {
                end = firstPass(sample, job, held);
            }
            if (job.hires() != null && end instanceof Sample.End.Denoised(float[] latents)) {
                try (Sample second = sampleFactory.enlarged(job, latents)) {
                    enlarged.complete(second);
                    end = denoised(second, job, begun.steps(), held);
                }
            }
            return switch (end) {
                case Sample.End.Denoised(float[] latents) -> {
                    if (!finisher.finish(job, attempt, latents)) {
                        yield Optional.empty();
                    }
                    held.forget();
                    yield Optional.of(new Acknowledgement.Accept());
                }
                case Sample.End.Stopped stopped -> Optional.empty();
                case Sample.End.Interrupted(byte[] state) -> {
                    // Of a second pass, the end of the first is kept.
                    held.giveBack(begun.done() ? begun.save() : state);
                    yield Optional.of(new Acknowledgement.Release());
                }
            };
        }
    }

    private Sample.End firstPass(Sample sample, SamplingJob job, Claims.Held held) throws Exception {
        SampleState begun = sample.denoising();
        if (begun.step() > 0) {
            log.info("image {} resumes after step {} of {}", job.id(), begun.step(), job.stepsMade());
            held.step(begun.step(), job.stepsMade(), "");
        }
        return begun.done() ? new Sample.End.Denoised(begun.latents()) : denoised(sample, job, 0, held);
    }

    /** @param before steps that were made in passes before this one */
    private Sample.End denoised(Sample sample, SamplingJob job, int before, Claims.Held held) throws Exception {
        sample.onStep(denoising -> progress.tell(held, sample, denoising, before, job.stepsMade()));
        loop.add(sample);
        return end(sample, held);
    }

    /** Waits until every finished step is reported. */
    private Sample.End end(Sample sample, Claims.Held held) throws Exception {
        try {
            Sample.End end = sample.end().get();
            progress.flush();
            return end;
        } catch (ExecutionException e) {
            held.release();
            throw e;
        }
    }
}
