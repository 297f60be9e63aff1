package io.ruido.gateway.jobs;

import io.ruido.job.Hires;
import io.ruido.job.Job;
import io.ruido.job.JobState;
import io.ruido.job.JobStatus;
import io.ruido.job.Output;
import io.ruido.job.Priority;
import io.ruido.job.PromptJob;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.job.Variation;
import io.ruido.job.prompting.LoraUse;
import io.ruido.job.prompting.PromptSyntax;
import io.ruido.redis.SubmitResult;
import io.ruido.s3.ResultStore;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/** A job as clients see it: {@code Job} in the contract. */
public record JobView(
        UUID id,
        String type,
        JobState state,
        String model,
        String prompt,
        String negativePrompt,
        int count,
        int width,
        int height,
        int frames,
        int steps,
        double guidanceScale,
        String sampler,
        long seed,
        Long variationSeed,
        Double variationStrength,
        String image,
        Double strength,
        String mask,
        Hires hires,
        Double samplerEta,
        PromptSyntax promptSyntax,
        int clipSkip,
        List<LoraUse> loras,
        double sChurn,
        double sTmin,
        Double sTmax,
        double sNoise,
        boolean tiling,
        Output.Format outputFormat,
        Integer outputQuality,
        Double fps,
        Priority priority,
        Instant submittedAt,
        Instant expiresAt,
        Instant startedAt,
        Instant finishedAt,
        Integer position,
        Instant eta,
        String error,
        List<String> warnings,
        long lastEvent,
        List<Image> images,
        Links links) {

    public record Image(
            int index,
            JobState state,
            int step,
            int steps,
            long seed,
            Long variationSeed,
            int attempt,
            String url,
            URI presignedUrl) {}

    record Links(String self, String events, String websocket, String cancel, String images) {
        public static Links of(UUID id) {
            String self = "/v1/jobs/" + id;
            return new Links(self, self + "/events", self + "/ws", self + "/cancel", self + "/images/{index}");
        }
    }

    /** @param results signs the URLs of the images */
    public static JobView of(JobStatus status, ResultStore results) {
        Job job = status.job();
        SamplingParams params = job.params();
        Optional<Variation> variation = Optional.ofNullable(params.variation());
        Optional<Source> source = Optional.ofNullable(params.source());
        return new JobView(
                job.jobId(),
                switch (job) {
                    case PromptJob prompt -> "prompt";
                    case SamplingJob sampling -> "sampling";
                },
                status.state(),
                params.model(),
                job.prompt(),
                job.negativePrompt(),
                job.images(),
                params.width(),
                params.height(),
                params.geometry().frames(),
                params.steps(),
                params.guidanceScale(),
                params.sampler(),
                params.seed(),
                variation.map(Variation::seed).orElse(null),
                variation.map(Variation::strength).orElse(null),
                source.map(Source::image).map(Upload::id).orElse(null),
                source.map(Source::strength).orElse(null),
                source.map(Source::mask).map(Upload::id).orElse(null),
                job.hires(),
                params.eta(),
                params.prompting().syntax(),
                params.prompting().clipSkip(),
                params.prompting().loras(),
                params.churn().churn(),
                params.churn().tmin(),
                params.churn().tmax(),
                params.churn().noise(),
                params.tiling(),
                params.output().format(),
                params.output().format() == Output.Format.PNG
                        ? null
                        : params.output().quality(),
                params.output().fps(),
                job.priority(),
                job.submittedAt(),
                status.expiresAt(),
                status.startedAt(),
                status.finishedAt(),
                status.position(),
                status.eta(),
                status.error(),
                status.warnings(),
                status.lastEvent(),
                status.images().stream()
                        .map(image -> image(image, job, results))
                        .toList(),
                Links.of(job.jobId()));
    }

    /** Returns the status of a job that has just been accepted. */
    static JobStatus queued(Submission submission, SubmitResult.Accepted accepted) {
        Job job = submission.job();
        List<JobStatus.Image> images = IntStream.range(0, job.images())
                .mapToObj(index -> new JobStatus.Image(index, JobState.QUEUED, 0, null, 0, null, null))
                .toList();
        // The second event has the position of a waiting job.
        long lastEvent = accepted.position() == null ? 1 : 2;
        return new JobStatus(
                job,
                submission.options().tenant(),
                JobState.QUEUED,
                images,
                accepted.expiresAt(),
                null,
                null,
                accepted.position(),
                accepted.eta(),
                null,
                List.of(),
                null,
                lastEvent);
    }

    private static Image image(JobStatus.Image image, Job job, ResultStore results) {
        boolean stored = image.key() != null;
        SamplingParams params = job.params().ofImage(image.index());
        return new Image(
                image.index(),
                image.state(),
                image.step(),
                job.stepsMade(),
                params.seed(),
                params.variation() == null ? null : params.variation().seed(),
                image.attempt(),
                stored ? "/v1/jobs/" + job.jobId() + "/images/" + image.index() : null,
                stored ? results.presignedUrl(image.key()) : null);
    }
}
