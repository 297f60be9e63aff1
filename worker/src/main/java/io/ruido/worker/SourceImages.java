package io.ruido.worker;

import io.ruido.cache.LruCache;
import io.ruido.image.ImageFile;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.s3.ResultStore;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;

/** Fetches and decodes the uploaded images that jobs start from, each once for all images of a job. */
final class SourceImages {
    /** Images with more pixels wait for each other; smaller ones do not wait. */
    private static final int LARGE_PIXELS = 1 << 20;

    /** The maximum number of large images decoded at a time: more of them would not fit into memory. */
    private static final int MAX_LARGE = 4;

    private static final int MAX_RECENT = 32;

    private final Semaphore large = new Semaphore(MAX_LARGE, true);

    private final Map<Decoded, CompletableFuture<RgbImage>> recent = LruCache.ofMaxEntries(MAX_RECENT);

    private final ResultStore store;
    private final Retry retry;
    private final int maxPixels;

    SourceImages(ResultStore store, Retry retry, int maxPixels) {
        this.store = store;
        this.retry = retry;
        this.maxPixels = maxPixels;
    }

    /** An uploaded image at the size of a job. */
    private record Decoded(UUID object, int width, int height) {}

    /**
     * Returns the image and mask that a job starts from; empty when it starts from noise.
     *
     * @throws IllegalArgumentException when an upload has been deleted
     */
    Optional<SampleRequest.Source> of(SamplingParams params) {
        return Optional.ofNullable(params.source()).map(source -> source(source, params));
    }

    private SampleRequest.Source source(Source source, SamplingParams params) {
        return new SampleRequest.Source(
                image("image", source.image(), params),
                source.strength(),
                Optional.ofNullable(source.mask()).map(mask -> image("mask", mask, params)));
    }

    private RgbImage image(String field, Upload upload, SamplingParams params) {
        CompletableFuture<RgbImage> fresh = new CompletableFuture<>();
        Decoded key = new Decoded(upload.object(), params.width(), params.height());
        CompletableFuture<RgbImage> known = recent.putIfAbsent(key, fresh);
        if (known != null) {
            return await(known);
        }
        try {
            fresh.complete(decoded(field, upload, params));
        } catch (Throwable e) {
            // Others may wait for it, whatever went wrong.
            recent.remove(key, fresh);
            fresh.completeExceptionally(e);
        }
        return await(fresh);
    }

    private static RgbImage await(CompletableFuture<RgbImage> image) {
        try {
            return image.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private RgbImage decoded(String field, Upload upload, SamplingParams params) {
        byte[] bytes = retry.call(() -> store.plainUpload(upload))
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s: the upload %s has been deleted".formatted(field, upload.id())));
        if ((long) upload.width() * upload.height() <= LARGE_PIXELS) {
            return resized(field, bytes, params);
        }
        large.acquireUninterruptibly();
        try {
            return resized(field, bytes, params);
        } finally {
            large.release();
        }
    }

    private RgbImage resized(String field, byte[] bytes, SamplingParams params) {
        return RgbImage.of(ImageFile.read(field, bytes, maxPixels).image()).resized(params.width(), params.height());
    }
}
