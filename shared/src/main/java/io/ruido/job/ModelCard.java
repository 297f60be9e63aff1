package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.ruido.job.prompting.Prompting;
import java.util.List;

/**
 * The capabilities of a model. Workers publish the cards of the models that they serve; the gateway checks jobs against
 * them.
 *
 * @param license SPDX id or name
 * @param sizeMultiple width and height must be divisible by this
 * @param defaults values of absent fields of a job; its seed has no meaning
 * @param samplers that the worker can run for it
 * @param needs fields that every job must have: image and mask for an inpainting model, image for a model that makes clips
 *     from a first frame only
 * @param stepCost null where a step costs as much as the result has pixels
 * @param clips what clips it can make; null for a model of pictures
 * @param abilities what jobs can ask for besides; null where the worker does not say
 */
public record ModelCard(
        String name,
        String title,
        String description,
        String license,
        int minSize,
        int maxSize,
        int sizeMultiple,
        SamplingParams defaults,
        List<Sampler> samplers,
        List<String> needs,
        @JsonInclude(JsonInclude.Include.NON_NULL) StepCost stepCost,
        @JsonInclude(JsonInclude.Include.NON_NULL) Clips clips,
        @JsonInclude(JsonInclude.Include.NON_NULL) Abilities abilities) {

    @JsonCreator
    public ModelCard {
        check(name != null && !name.isBlank(), "name", name, "must be given");
        check(sizeMultiple > 0, "sizeMultiple", sizeMultiple, "must be positive");
        check(minSize > 0 && minSize <= maxSize, "minSize", minSize, "must be positive and at most maxSize");
        check(defaults != null, "defaults", defaults, "must be given");
        check(samplers != null && !samplers.isEmpty(), "samplers", samplers, "must name at least one sampler");
        samplers = List.copyOf(samplers);
        needs = needs == null ? List.of() : List.copyOf(needs);
    }

    /** The card of a model that can begin with noise, and does not say more. */
    public ModelCard(
            String name,
            String title,
            String description,
            String license,
            int minSize,
            int maxSize,
            int sizeMultiple,
            SamplingParams defaults,
            List<Sampler> samplers) {
        this(
                name,
                title,
                description,
                license,
                minSize,
                maxSize,
                sizeMultiple,
                defaults,
                samplers,
                List.of(),
                null,
                null,
                null);
    }

    @JsonIgnore
    public StepCost cost() {
        return stepCost == null ? StepCost.PIXELS : stepCost;
    }

    /**
     * What a job gets where it names nothing but a picture to begin with: about the default's area, in its proportions.
     */
    public SamplingParams defaultsFor(Upload picture) {
        double area = (double) defaults.width() * defaults.height();
        double ratio = (double) picture.width() / picture.height();
        return new SamplingParams(
                name,
                size(Math.sqrt(area * ratio)),
                size(Math.sqrt(area / ratio)),
                defaults.steps(),
                defaults.guidanceScale(),
                defaults.sampler(),
                defaults.seed());
    }

    /** The nearest that can be asked for. */
    private int size(double pixels) {
        long size = Math.round(pixels / sizeMultiple) * sizeMultiple;
        return Math.clamp(
                size, Math.ceilDiv(minSize, sizeMultiple) * sizeMultiple, maxSize / sizeMultiple * sizeMultiple);
    }

    /**
     * Refuses what the model cannot do, before a job is accepted.
     *
     * @throws InvalidFieldException naming the field and its value
     */
    public void checkSupports(SamplingParams params) {
        checkSize("width", params.width());
        checkSize("height", params.height());
        checkFrames(params.geometry());
        checkFirstFrame(params.source(), params.geometry());
        checkAbilities(params);
        checkNeeds("image", params.source() == null ? null : params.source().image());
        checkNeeds("mask", params.source() == null ? null : params.source().mask());
        check(
                samplers.stream().anyMatch(sampler -> sampler.id().equals(params.sampler())),
                "sampler",
                params.sampler(),
                "must be one of "
                        + String.join(", ", samplers.stream().map(Sampler::id).toList()));
        checkEta(params);
        boolean takesChurn = params.sampler().equals("euler")
                || params.sampler().startsWith("euler-") && !params.sampler().startsWith("euler-a");
        check(
                takesChurn || params.churn().churn() == 0,
                "sChurn",
                params.churn().churn(),
                "must be 0 for sampler " + params.sampler());
    }

    private void checkAbilities(SamplingParams params) {
        Abilities can = able();
        check(
                clips != null || params.source() == null || can.fromImage(),
                "image",
                params.source() == null ? null : params.source().image().id(),
                "is not supported: model %s begins with noise only".formatted(name));
        check(
                !params.tiling() || can.tiling(),
                "tiling",
                params.tiling(),
                "must be false for model %s, whose results always have seams".formatted(name));
        int clipSkip = params.prompting().clipSkip();
        check(
                clipSkip <= can.maxClipSkip(),
                "clipSkip",
                clipSkip,
                "must be at most %d for model %s".formatted(can.maxClipSkip(), name));
    }

    /**
     * Refuses prompts that the model cannot be guided by, before a job is accepted.
     *
     * @throws InvalidFieldException naming the field and the text
     */
    public void checkPrompts(Job job) {
        Prompting.checkPrompts(job, able().emphasis());
    }

    /**
     * Refuses a second pass that the model cannot make, before a job is accepted.
     *
     * @throws InvalidFieldException naming the field and its value
     */
    public void checkSupports(Hires hires) {
        checkSize("hiresWidth", hires.width());
        checkSize("hiresHeight", hires.height());
        check(
                hires.upscaler() == Hires.Upscaler.LATENT || able().fromImage(),
                "hiresUpscaler",
                hires.upscaler().label(),
                "must be latent for model %s, which begins with noise only".formatted(name));
    }

    /** What jobs can ask for: everything where the worker does not say. */
    public Abilities able() {
        return abilities == null ? Abilities.ALL : abilities;
    }

    private void checkEta(SamplingParams params) {
        boolean has =
                samplers.stream().anyMatch(sampler -> sampler.id().equals(params.sampler()) && sampler.eta() != null);
        check(has || params.eta() == null, "eta", params.eta(), "must be absent for sampler " + params.sampler());
    }

    private void checkFrames(Geometry geometry) {
        int frames = geometry.frames();
        if (clips == null) {
            check(frames == 1, "frames", frames, "must be 1: model %s makes images".formatted(name));
            return;
        }
        check(
                (frames - 1) % clips.frameStep() == 0,
                "frames",
                frames,
                "must be 1 more than a multiple of %d for model %s".formatted(clips.frameStep(), name));
        check(
                geometry.pixels() <= clips.maxPixels(),
                "frames",
                frames,
                "make %d pixels with frames of %d × %d, more than the %d of model %s"
                        .formatted(geometry.pixels(), geometry.width(), geometry.height(), clips.maxPixels(), name));
    }

    /** Checks the first image of a clip, which the clip starts with unchanged. */
    private void checkFirstFrame(Source source, Geometry geometry) {
        if (clips == null || source == null) {
            return;
        }
        check(
                clips.fromImage(),
                "image",
                source.image().id(),
                "is not supported: model %s makes clips from text only".formatted(name));
        check(geometry.isClip(), "frames", geometry.frames(), "must be more than 1 for a clip of an image");
        check(
                source.strength() == 1,
                "strength",
                source.strength(),
                "must be 1 for a clip, which begins with the image");
        check(
                source.mask() == null,
                "mask",
                source.mask() == null ? null : source.mask().id(),
                "must be absent for a clip");
    }

    private void checkNeeds(String field, Upload picture) {
        check(
                picture != null || !needs.contains(field),
                field,
                null,
                "is required: model %s %s"
                        .formatted(name, clips == null ? "is an inpainting model" : "makes clips from a first frame"));
    }

    /** Refuses a side of a result that the model cannot make. */
    public void checkSize(String field, int size) {
        check(
                size >= minSize && size <= maxSize,
                field,
                size,
                "must be from %d to %d for model %s".formatted(minSize, maxSize, name));
        check(
                size % sizeMultiple == 0,
                field,
                size,
                "must be divisible by %d for model %s".formatted(sizeMultiple, name));
    }

    /**
     * The clips that a model can make.
     *
     * @param frameStep their frames are 1 more than a multiple of this
     * @param maxPixels of all frames together
     * @param framesPerSecond at which they are shown
     * @param fromImage whether they can begin with a picture
     */
    public record Clips(int frameStep, long maxPixels, double framesPerSecond, boolean fromImage) {
        /** Returns the possible number of frames nearest to a duration. */
        public int frames(double seconds, double fps) {
            return framesOf(seconds, fps, frameStep);
        }

        /** 1 more than a multiple of {@code frameStep}. */
        public static int framesOf(double seconds, double fps, int frameStep) {
            return (int) Math.round(seconds * fps / frameStep) * frameStep + 1;
        }
    }

    /**
     * What jobs can ask of a model. An ability that an older worker's card does not mention is assumed.
     *
     * @param fromImage whether results can begin with an image
     * @param tiling whether images can be without seams
     * @param emphasis whether prompts can have emphasis and {@code BREAK}
     * @param maxClipSkip how many of the last layers of its CLIP text encoder can be left out, 0 without one
     */
    public record Abilities(Boolean fromImage, Boolean tiling, Boolean emphasis, Integer maxClipSkip) {
        /** Those of which no job is refused. */
        static final Abilities ALL = new Abilities(null, null, null, null);

        public Abilities {
            fromImage = fromImage == null || fromImage;
            tiling = tiling == null || tiling;
            emphasis = emphasis == null || emphasis;
            maxClipSkip = maxClipSkip == null ? Prompting.MOST_CLIP_SKIP : maxClipSkip;
        }
    }

    /**
     * @param id as jobs name it
     * @param title as people know it
     * @param eta its own η, or null where it has none
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Sampler(String id, String title, Double eta) {
        /** Creates a sampler without η. */
        public Sampler(String id, String title) {
            this(id, title, null);
        }
    }
}
