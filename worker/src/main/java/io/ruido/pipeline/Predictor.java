package io.ruido.pipeline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.model.Conditioning;
import io.ruido.model.Denoiser;
import io.ruido.plan.PlannedDenoiser;
import io.ruido.tensor.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A denoiser with the guidance and the conditioning on sizes of its pipeline.
 *
 * <p>B batch, L latent channels, h and w sides of the latents; those of a clip have frames before them. Latents and
 * results are float32, whatever the weights are.
 *
 * @param pixels number of pixels along each side per place of the latents
 */
record Predictor(Denoiser denoiser, DataType type, int pixels) {
    /**
     * Returns the denoiser's output without guidance.
     *
     * @param latents (B, L, h, w)
     * @param timesteps one for each sample
     * @return (B, L', h, w)
     */
    NDArray predict(NDArray latents, float[] timesteps, Conditioning conditioning) {
        NDManager scratch = latents.getManager();
        NDArray out = Ops.withoutGradient(() -> denoiser.forward(
                Ops.cast(latents, type),
                scratch.create(timesteps),
                sized(conditioning, latents).map(this::cast)));
        return Ops.cast(out, DataType.FLOAT32);
    }

    /** Compiles the plan for calls like this one. */
    void prepare(PlannedDenoiser planned, NDArray latents, Conditioning conditioning) {
        NDManager scratch = latents.getManager();
        int width = denoiser.guidanceWidth();
        Conditioning inputs = sized(
                width > 0 ? conditioning.withGuidance(embedded(scratch, new float[1], width)) : conditioning, latents);
        planned.prepare(latents, scratch.zeros(new Shape(1)), inputs);
    }

    /** See {@link DiffusionPipeline#predict(NDArray, float[], Conditioning, Conditioning, float[], float[])}. */
    NDArray predict(
            NDArray latents,
            float[] timesteps,
            Conditioning wanted,
            Conditioning unwanted,
            float[] guidance,
            float[] rescale) {
        if (learnedGuidance()) {
            NDArray embedded = embedded(latents.getManager(), guidance, denoiser.guidanceWidth());
            return predict(latents, timesteps, wanted.withGuidance(embedded));
        }
        int batch = guidance.length;
        int[] guided = guided(guidance);
        if (guided.length == 0) {
            return predict(latents, timesteps, wanted);
        }
        float[] allTimesteps = new float[batch + guided.length];
        System.arraycopy(timesteps, 0, allTimesteps, 0, batch);
        for (int i = 0; i < guided.length; i++) {
            allTimesteps[batch + i] = timesteps[guided[i]];
        }
        NDArray all = predict(
                latents.concat(rows(latents, guided)),
                allTimesteps,
                wanted.concat(unwanted.map(part -> rows(part, guided))));
        NDArray c = all.get(new NDIndex(":{}", batch));
        NDArray u = all.get(new NDIndex("{}:", batch));
        Shape each = each(batch, latents.getShape().dimension());
        NDArray g = latents.getManager().create(guidance, each);
        NDArray base = guided.length == batch ? u : unconditionalOrSame(c, u, guided);
        NDArray mixed = c.sub(base).mul(g).add(base);
        boolean rescales = IntStream.range(0, batch).anyMatch(i -> rescale[i] != 0);
        return rescales ? rescaled(mixed, c, latents.getManager().create(rescale, each)) : mixed;
    }

    /** See {@link DiffusionPipeline#predict(NDArray, float[], List, Conditioning, float[], List, boolean)}. */
    NDArray predict(NDArray latents, float[] timesteps, List<Guide> guides, Conditioning unwanted, float[] guidance) {
        NDManager scratch = latents.getManager();
        Shape each = each(guidance.length, latents.getShape().dimension());
        Conditioning negative = unwanted;
        List<Conditioning> all = guides.stream().map(Guide::text).toList();
        if (learnedGuidance()) {
            NDArray embedded = embedded(scratch, guidance, denoiser.guidanceWidth());
            all = all.stream().map(one -> one.withGuidance(embedded)).toList();
            negative = unwanted.withGuidance(embedded);
        }
        NDArray u = predict(latents, timesteps, negative);
        NDArray sum = u.duplicate();
        for (int k = 0; k < all.size(); k++) {
            float[] factors = guides.get(k).weights().clone();
            for (int i = 0; i < factors.length; i++) {
                factors[i] *= rows(guidance[i]) == 1 ? 1 : guidance[i];
            }
            NDArray c = predict(latents, timesteps, all.get(k));
            sum = sum.add(c.sub(u).mul(scratch.create(factors, each)));
        }
        return sum;
    }

    /** Returns the sample of each row in the denoiser's batch. */
    IntStream samplesOfRows(float[] guidance) {
        return IntStream.concat(IntStream.range(0, guidance.length), Arrays.stream(guided(guidance)));
    }

    private int[] guided(float[] guidance) {
        return IntStream.range(0, guidance.length)
                .filter(i -> rows(guidance[i]) > 1)
                .toArray();
    }

    /** Returns a shape for one number per sample: (B, 1, 1 …). */
    private static Shape each(long batch, int dimension) {
        long[] shape = new long[dimension];
        Arrays.fill(shape, 1);
        shape[0] = batch;
        return new Shape(shape);
    }

    /**
     * Returns the number of rows in the denoiser's batch for a sample: guidance needs a second prediction, unless it is
     * learned.
     */
    int rows(double guidance) {
        return !learnedGuidance() && guidance > 1 ? 2 : 1;
    }

    private boolean learnedGuidance() {
        return denoiser.guidanceWidth() > 0;
    }

    /** Rescales the share φ to the deviation of c: (1 − φ)·mixed + φ·mixed·σ(c) / σ(mixed). */
    private static NDArray rescaled(NDArray mixed, NDArray c, NDArray share) {
        NDArray ratio = deviation(c).div(deviation(mixed));
        return ratio.sub(1).mul(share).add(1).mul(mixed);
    }

    /** Returns the standard deviation of each sample, times the square root of the number of values: (B, 1, 1 …). */
    private static NDArray deviation(NDArray samples) {
        long batch = samples.getShape().get(0);
        NDArray rows = samples.reshape(batch, -1);
        NDArray squares = rows.sub(rows.mean(new int[] {1}, true)).square();
        return squares.sum(new int[] {1})
                .sqrt()
                .reshape(each(batch, samples.getShape().dimension()));
    }

    private NDArray cast(NDArray part) {
        return part.getDataType() == DataType.INT64 ? part : Ops.cast(part, type);
    }

    /** Adds the image's size, uncropped, for a denoiser that is conditioned on it. */
    private Conditioning sized(Conditioning conditioning, NDArray latents) {
        Shape shape = latents.getShape();
        float height = shape.get(shape.dimension() - 2) * pixels;
        float width = shape.get(shape.dimension() - 1) * pixels;
        float[] numbers =
                switch (denoiser.sizeNumbers()) {
                    case ORIGINAL_CROP_TARGET -> new float[] {height, width, 0, 0, height, width};
                    case SIDES_AND_RATIO -> new float[] {height, width, height / width};
                    case NONE -> new float[0];
                };
        if (numbers.length == 0) {
            return conditioning;
        }
        int batch = (int) shape.get(0);
        float[] all = new float[batch * numbers.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = numbers[i % numbers.length];
        }
        return conditioning.withSizes(latents.getManager().create(all, new Shape(batch, numbers.length)));
    }

    /** Returns sinusoids of 1000·(g − 1), for a guidance-distilled denoiser (Luo et al., 2023, §4.2). */
    private static NDArray embedded(NDManager scratch, float[] guidance, int width) {
        int half = width / 2;
        float[] values = new float[guidance.length * width];
        for (int b = 0; b < guidance.length; b++) {
            for (int i = 0; i < half; i++) {
                float rate = (float) Math.exp(-i * ((float) Math.log(10000) / (half - 1)));
                float angle = (guidance[b] - 1) * 1000 * rate;
                values[b * width + i] = (float) Math.sin(angle);
                values[b * width + half + i] = (float) Math.cos(angle);
            }
        }
        return scratch.create(values, new Shape(guidance.length, width));
    }

    private static NDArray rows(NDArray array, int[] indices) {
        return indices.length == array.getShape().get(0)
                ? array
                : array.get(array.getManager().create(indices));
    }

    /** Returns u of each sample, or c if it has none. */
    private static NDArray unconditionalOrSame(NDArray c, NDArray u, int[] guided) {
        List<NDArray> samples = new ArrayList<>();
        for (int i = 0, next = 0; i < c.getShape().get(0); i++) {
            samples.add(next < guided.length && guided[next] == i ? u.get(next++) : c.get(i));
        }
        return NDArrays.stack(new NDList(samples));
    }
}
