package io.ruido.job;

import static io.ruido.job.InvalidFieldException.check;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.ruido.job.prompting.Prompting;
import java.util.regex.Pattern;

/**
 * How an image is denoised. In JSON the geometry's numbers stand beside the others, and {@code frames} only for a clip.
 *
 * @param model name of a model folder, also part of a Kafka topic's name
 * @param geometry geometry of the result
 * @param steps number of steps of the trajectory; second-order samplers call the denoiser several times in a step
 * @param guidanceScale classifier-free guidance; 1 means none (Ho and Salimans 2022, with diffusers' offset of one)
 * @param sampler id such as {@code ddim}
 * @param seed seed of the first image; image i is drawn from {@code seed + i}, or with a variation all of them from
 *     this one
 * @param variation null for none
 * @param source image to begin with; null to begin with noise
 * @param eta how much noise a sampler that has η adds in each step, from 0 to 1; null for the sampler's own
 * @param output the file that each image becomes; when null PNG, or MP4 for a clip
 * @param prompting how the prompts are read, and what is added to the model; null for {@link Prompting#PLAIN}
 * @param churn noise before steps; null for none
 * @param tiling whether the image can be laid beside itself without a seam
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({
    "model",
    "width",
    "height",
    "frames",
    "steps",
    "guidanceScale",
    "sampler",
    "seed",
    "variation",
    "source",
    "eta",
    "output",
    "prompting",
    "churn",
    "tiling"
})
public record SamplingParams(
        String model,
        @JsonIgnore Geometry geometry,
        int steps,
        double guidanceScale,
        String sampler,
        long seed,
        Variation variation,
        Source source,
        Double eta,
        Output output,
        Prompting prompting,
        Churn churn,
        @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean tiling) {
    private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");

    public SamplingParams {
        check(model != null && MODEL.matcher(model).matches(), "model", model, "must match " + MODEL.pattern());
        check(geometry != null, "geometry", geometry, "must be given");
        check(steps > 0, "steps", steps, "must be at least 1");
        check(
                Double.isFinite(guidanceScale) && guidanceScale >= 0,
                "guidanceScale",
                guidanceScale,
                "must be a finite number of at least 0");
        check(sampler != null && !sampler.isBlank(), "sampler", sampler, "must name a sampler");
        check(seed >= 0, "seed", seed, "must not be negative");
        check(
                source == null || Source.stepsMade(steps, source.strength()) > 0,
                "strength",
                source == null ? null : source.strength(),
                "leaves none of %d steps to run".formatted(steps));
        check(eta == null || eta >= 0 && eta <= 1, "eta", eta, "must be from 0 to 1");
        prompting = prompting == null ? Prompting.PLAIN : prompting;
        churn = churn == null ? Churn.NONE : churn;
        output = output == null ? Output.defaultFor(geometry) : output;
        output.checkFits(geometry);
    }

    /** Creates the parameters of an image that starts from noise. */
    public SamplingParams(
            String model, int width, int height, int steps, double guidanceScale, String sampler, long seed) {
        this(model, Geometry.ofImage(width, height), steps, guidanceScale, sampler, seed, null, null, null, null);
    }

    /** Creates parameters with the sampler's own η. */
    public SamplingParams(
            String model,
            Geometry geometry,
            int steps,
            double guidanceScale,
            String sampler,
            long seed,
            Variation variation,
            Source source,
            Output output) {
        this(model, geometry, steps, guidanceScale, sampler, seed, variation, source, null, output);
    }

    /** Creates parameters with plain prompts. */
    public SamplingParams(
            String model,
            Geometry geometry,
            int steps,
            double guidanceScale,
            String sampler,
            long seed,
            Variation variation,
            Source source,
            Double eta,
            Output output) {
        this(
                model,
                geometry,
                steps,
                guidanceScale,
                sampler,
                seed,
                variation,
                source,
                eta,
                output,
                Prompting.PLAIN,
                Churn.NONE,
                false);
    }

    /** Returns the parameters of a second pass, which starts from the result of the first one. */
    SamplingParams withPass(Geometry size, int stepsOfPass) {
        return with(size, stepsOfPass, seeds(), null, output, prompting, churn, tiling);
    }

    /** Returns the parameters of the same images in other files. */
    public SamplingParams withOutput(Output other) {
        return with(geometry, steps, seeds(), source, other, prompting, churn, tiling);
    }

    /** Returns the same parameters with another syntax of prompts and other additions to the model. */
    public SamplingParams with(Prompting other) {
        return with(geometry, steps, seeds(), source, output, other, churn, tiling);
    }

    /** Returns the same parameters with other noise before steps. */
    public SamplingParams with(Churn other) {
        return with(geometry, steps, seeds(), source, output, prompting, other, tiling);
    }

    /** Returns the same parameters for images with or without seams. */
    public SamplingParams withTiling(boolean seamless) {
        return with(geometry, steps, seeds(), source, output, prompting, churn, seamless);
    }

    /** Returns the parameters of one of a job's images. */
    public SamplingParams ofImage(int index) {
        return with(geometry, steps, seeds().ofImage(index), source, output, prompting, churn, tiling);
    }

    private SamplingParams with(
            Geometry size,
            int stepsOfPass,
            Seeds seeds,
            Source start,
            Output file,
            Prompting prompts,
            Churn noise,
            boolean seamless) {
        return new SamplingParams(
                model,
                size,
                stepsOfPass,
                guidanceScale,
                sampler,
                seeds.seed(),
                seeds.variation(),
                start,
                eta,
                file,
                prompts,
                noise,
                seamless);
    }

    @JsonCreator
    static SamplingParams of(
            @JsonProperty("model") String model,
            @JsonProperty("width") int width,
            @JsonProperty("height") int height,
            @JsonProperty("frames") Integer frames,
            @JsonProperty("steps") int steps,
            @JsonProperty("guidanceScale") double guidanceScale,
            @JsonProperty("sampler") String sampler,
            @JsonProperty("seed") long seed,
            @JsonProperty("variation") Variation variation,
            @JsonProperty("source") Source source,
            @JsonProperty("eta") Double eta,
            @JsonProperty("output") Output output,
            @JsonProperty("prompting") Prompting prompting,
            @JsonProperty("churn") Churn churn,
            @JsonProperty("tiling") Boolean tiling) {
        Geometry geometry = new Geometry(width, height, frames == null ? 1 : frames);
        return new SamplingParams(model, geometry, steps, guidanceScale, sampler, seed, variation, source, eta, output)
                .with(prompting)
                .with(churn)
                .withTiling(Boolean.TRUE.equals(tiling));
    }

    /** Returns the {@link JobJson#VERSION} that a worker must support to make the right image. */
    int version() {
        return prompting.equals(Prompting.PLAIN) && churn.equals(Churn.NONE) && !tiling ? 1 : 2;
    }

    @JsonProperty
    public int width() {
        return geometry.width();
    }

    @JsonProperty
    public int height() {
        return geometry.height();
    }

    @JsonProperty("frames")
    Integer framesOfClip() {
        return geometry.isClip() ? geometry.frames() : null;
    }

    /** Returns the number of steps that are made, fewer than {@link #steps} when the job starts from an image. */
    @JsonIgnore
    public int stepsMade() {
        return source == null ? steps : Source.stepsMade(steps, source.strength());
    }

    @JsonIgnore
    public Seeds seeds() {
        return new Seeds(seed, variation);
    }
}
