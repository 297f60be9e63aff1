package io.ruido.gateway.a1111;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ruido.job.Infotext;
import io.ruido.job.Job;
import io.ruido.job.SamplingParams;
import io.ruido.job.Variation;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** How the images of a job were made, as AUTOMATIC1111's clients read it. */
@JsonNaming(SnakeCaseStrategy.class)
record SdInfo(
        String prompt,
        List<String> allPrompts,
        String negativePrompt,
        List<String> allNegativePrompts,
        long seed,
        List<Long> allSeeds,
        long subseed,
        List<Long> allSubseeds,
        double subseedStrength,
        int width,
        int height,
        String samplerName,
        double cfgScale,
        int steps,
        int batchSize,
        Double denoisingStrength,
        String sdModelName,
        int indexOfFirstImage,
        List<String> infotexts) {

    static SdInfo of(Job job) {
        SamplingParams params = job.params();
        Variation variation = params.variation();
        int count = job.images();
        List<SamplingParams> images =
                IntStream.range(0, count).mapToObj(params::ofImage).toList();
        return new SdInfo(
                job.prompt(),
                Collections.nCopies(count, job.prompt()),
                job.negativePrompt(),
                Collections.nCopies(count, job.negativePrompt()),
                params.seed(),
                images.stream().map(SamplingParams::seed).toList(),
                subseed(params),
                images.stream().map(SdInfo::subseed).toList(),
                variation == null ? 0 : variation.strength(),
                params.width(),
                params.height(),
                params.sampler(),
                params.guidanceScale(),
                params.steps(),
                count,
                params.source() == null ? null : params.source().strength(),
                params.model(),
                0,
                IntStream.range(0, count)
                        .mapToObj(index -> Infotext.of(job, index))
                        .toList());
    }

    private static long subseed(SamplingParams params) {
        return params.variation() == null ? -1 : params.variation().seed();
    }
}
