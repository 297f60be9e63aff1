package io.ruido.evaluation;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.diffusion.Trajectory;
import io.ruido.job.Churn;
import io.ruido.pipeline.DiffusionPipeline;
import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.train.Drawing;
import io.ruido.train.recipe.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/** Draws images of texts with a model, in batches and in the model's own size. */
public final class PromptSampler implements AutoCloseable {
    /** How many images are drawn together. */
    public static final int BATCH = 8;

    private static final double MILLIS = 1e6;

    private final DiffusionPipeline pipeline;

    /**
     * How images are drawn.
     *
     * @param sampler its id, or empty for the one that the model's folder describes
     * @param guidance scale of classifier-free guidance
     * @param seed of the first image; the next one has the next seed
     */
    public record Sampling(Optional<String> sampler, int steps, double guidance, long seed) {
        public Sampling {
            new Problems()
                    .within("steps", steps, 1, 1000)
                    .within("guidance", guidance, 0, 50)
                    .reject();
        }
    }

    /**
     * What was drawn.
     *
     * @param results images, or clips where the model makes clips
     * @param millisEach how long one took in the fastest batch, text and decoding included
     */
    public record Drawn(List<Frames> results, double millisEach) {
        /** The images, or the first frames of clips. */
        public List<RgbImage> images() {
            return results.stream().map(Frames::first).toList();
        }
    }

    /** @param model a diffusers folder whose denoiser is conditioned by a text's states */
    public PromptSampler(Path model) throws IOException {
        this.pipeline = DiffusionPipeline.read(model, Device.cpu(), DataType.FLOAT32);
    }

    /**
     * One result for each text, of the model's default size.
     *
     * @param progress receives the number of images drawn so far
     */
    public Drawn draw(List<String> texts, Sampling sampling, IntConsumer progress) {
        List<Frames> results = new ArrayList<>();
        double fastest = Double.MAX_VALUE;
        for (int from = 0; from < texts.size(); from += BATCH) {
            List<String> some = texts.subList(from, Math.min(texts.size(), from + BATCH));
            long begun = System.nanoTime();
            results.addAll(batch(some, sampling, sampling.seed() + from));
            fastest = Math.min(fastest, (System.nanoTime() - begun) / MILLIS / some.size());
            progress.accept(results.size());
        }
        return new Drawn(results, fastest);
    }

    /** Images of one text with seeds that follow each other. */
    public List<RgbImage> vary(String text, int count, Sampling sampling) {
        return draw(Collections.nCopies(count, text), sampling, _ -> {}).images();
    }

    private List<Frames> batch(List<String> texts, Sampling sampling, long seed) {
        try (NDManager scratch = pipeline.newManager()) {
            int batch = texts.size();
            Shape one = pipeline.latentShape(pipeline.defaultGeometry());
            NDArray context = pipeline.promptEncoder().states(scratch, texts); // (B, T, D)
            boolean guided = pipeline.rows(sampling.guidance()) > 1;
            NDArray empty = guided
                    ? pipeline.promptEncoder()
                            .states(scratch, texts.stream().map(_ -> "").toList())
                    : context; // has no effect
            float[] guidance = new float[batch];
            Arrays.fill(guidance, (float) sampling.guidance());
            Trajectory trajectory =
                    pipeline.trajectory(sampling.sampler(), Optional.empty(), Churn.NONE, sampling.steps(), 1);
            List<float[]> latents = Drawing.run(
                    scratch,
                    trajectory,
                    batch,
                    seed,
                    one,
                    (x, timesteps) -> pipeline.predict(x, timesteps, context.duplicate(), empty.duplicate(), guidance));
            return pipeline.decode(Drawing.tensor(scratch, latents, one));
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
