package io.ruido.gateway;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ruido.job.Job;
import io.ruido.job.SamplingParams;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/** How the images of a job were made, as AUTOMATIC1111's clients read it. */
@JsonNaming(SnakeCaseStrategy.class)
record SdInfo(
        String prompt,
        List<String> allPrompts,
        String negativePrompt,
        List<String> allNegativePrompts,
        long seed,
        List<Long> allSeeds,
        int width,
        int height,
        String samplerName,
        double cfgScale,
        int steps,
        int batchSize,
        String sdModelName,
        int indexOfFirstImage,
        List<String> infotexts) {

    static SdInfo of(Job job) {
        SamplingParams params = job.params();
        int count = job.images();
        List<Long> seeds =
                LongStream.range(params.seed(), params.seed() + count).boxed().toList();
        return new SdInfo(
                job.prompt(),
                Collections.nCopies(count, job.prompt()),
                job.negativePrompt(),
                Collections.nCopies(count, job.negativePrompt()),
                params.seed(),
                seeds,
                params.width(),
                params.height(),
                params.sampler(),
                params.guidanceScale(),
                params.steps(),
                count,
                params.model(),
                0,
                seeds.stream().map(seed -> text(job, seed)).toList());
    }

    private static String text(Job job, long seed) {
        SamplingParams params = job.params();
        return """
                %s
                Negative prompt: %s
                Steps: %d, Sampler: %s, CFG scale: %s, Seed: %d, Size: %dx%d, Model: %s""".formatted(
                        job.prompt(),
                        job.negativePrompt(),
                        params.steps(),
                        params.sampler(),
                        params.guidanceScale(),
                        seed,
                        params.width(),
                        params.height(),
                        params.model());
    }
}
