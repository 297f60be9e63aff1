package io.ruido.worker;

import io.ruido.job.ModelCard;
import io.ruido.job.SamplingJob;
import io.ruido.job.SamplingParams;
import io.ruido.worker.denoise.DenoiseLoop;
import io.ruido.worker.denoise.Sample;
import io.ruido.worker.models.DenoiserInput;
import io.ruido.worker.models.Model;
import io.ruido.worker.models.Models;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** Makes images as a worker does, but without Kafka, Redis and S3. Benchmarks compare the service with it. */
public final class DirectWorker implements AutoCloseable {
    private final Models models;
    private final DenoiseLoop loop;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** @param models models that a worker may use at the same time; they are not closed with this */
    public DirectWorker(Models models) {
        this.models = models;
        loop = DenoiseLoop.of(models, DenoiseLoop.Listener.NONE, Integer.MAX_VALUE);
    }

    /** Returns the cards of the models, by name. */
    public List<ModelCard> cards() {
        return models.all().stream().map(Model::card).toList();
    }

    /** Starts an image at once, beside the running ones, and completes with its file. */
    public CompletableFuture<byte[]> draw(SamplingJob job) {
        CompletableFuture<byte[]> png = new CompletableFuture<>();
        threads.execute(() -> {
            try {
                png.complete(png(job));
            } catch (Throwable e) {
                png.completeExceptionally(e);
            }
        });
        return png;
    }

    private byte[] png(SamplingJob job) throws ExecutionException, InterruptedException {
        Sample sample = sample(job.prompt(), job.negativePrompt(), job.params());
        loop.add(sample);
        return switch (sample.end().get()) {
            case Sample.End.Denoised(float[] latents) ->
                sample.model().result(latents, job).artifact().bytes();
            case Sample.End.Stopped stopped -> throw new IllegalStateException("a sample was stopped");
            case Sample.End.Interrupted interrupted -> throw new IllegalStateException("closed while it made " + job);
        };
    }

    /** Measures the seconds of one denoising step of several images together. */
    public double secondsPerCall(SamplingParams params, int images) {
        List<DenoiserInput> batch = IntStream.range(0, images)
                .mapToObj(i -> sample("a red apple", "", params.ofImage(i)).denoiserInput())
                .toList();
        long begin = System.nanoTime();
        models.get(params.model()).predict(batch);
        return (System.nanoTime() - begin) / 1e9;
    }

    private Sample sample(String prompt, String negativePrompt, SamplingParams params) {
        Model model = models.get(params.model());
        return new Sample(model, params, model.encode(prompt, negativePrompt), model.start(params, Optional.empty()));
    }

    @Override
    public void close() {
        loop.close();
        threads.close();
    }
}
