package io.ruido.worker;

import io.ruido.diffusion.SampleState;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.worker.denoise.Sample;
import io.ruido.worker.models.Conditioning;
import io.ruido.worker.models.LoadedLoras;
import io.ruido.worker.models.LoraLibrary;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the samples of claimed images from their encoded text and from noise, a source image, or the state that an
 * earlier attempt saved.
 */
final class SampleFactory {
    private static final Logger log = LoggerFactory.getLogger(SampleFactory.class);

    private final Claims claims;
    private final Models models;
    private final TextStage text;
    private final SourceImages sources;
    private final LoraLibrary loras;
    private final Retry retry;

    SampleFactory(Claims claims, Models models, TextStage text, SourceImages sources, LoraLibrary loras, Retry retry) {
        this.claims = claims;
        this.models = models;
        this.text = text;
        this.sources = sources;
        this.loras = loras;
        this.retry = retry;
    }

    /**
     * Creates the sample of an image.
     *
     * @throws IllegalArgumentException naming what the model does not support
     */
    Sample create(SamplingJob job, int attempt) {
        Model model = models.get(job.params().model());
        return sample(model, job.params(), text.conditioning(job), () -> state(model, job, attempt));
    }

    /** Creates the sample of an image's second pass from the latents of the first one. */
    Sample enlarged(SamplingJob job, float[] latents) {
        Model model = models.get(job.params().model());
        SamplingParams pass = job.lastPass();
        return sample(
                model,
                pass,
                text.conditioning(job).ofSecondPass(),
                () -> model.enlarge(latents, job.params(), job.hires(), pass));
    }

    private Sample sample(Model model, SamplingParams pass, Conditioning text, Supplier<SampleState> start) {
        LoadedLoras.Held held = retry.call(() -> loras.hold(model, pass));
        try {
            return new Sample(model, pass, text, start.get(), held.ofDenoiser(), held::close);
        } catch (RuntimeException | Error e) {
            held.close();
            throw e;
        }
    }

    private SampleState state(Model model, SamplingJob job, int attempt) {
        Optional<byte[]> saved = attempt == 1 ? Optional.empty() : claims.saved(job);
        if (saved.isPresent()) {
            try {
                return model.resume(job.params(), saved.get());
            } catch (IllegalArgumentException e) {
                log.warn("image {} restarts from its first step: {}", job.id(), e.getMessage());
            }
        }
        return model.start(job.params(), sources.of(job.params()));
    }
}
