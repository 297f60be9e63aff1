package io.ruido.worker;

import io.ruido.image.ImageFile;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.s3.ResultStore;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;

/** Fetches and decodes the uploaded images that jobs start from, each once for all images of a job. */
final class SourceImages {
    /** Larger pictures wait for each other; all others, of whichever tenant, wait for none. */
    private static final int LARGE_PIXELS = 1 << 20;

    /** The maximum number of images decoded at a time: more large ones would not fit into memory. */
    private static final int LARGE_PICTURES = 4;

    private static final int LATELY = 32;

    private final Semaphore large = new Semaphore(LARGE_PICTURES, true);

    private final Map<Decoded, CompletableFuture<RgbImage>> lately =
            Collections.synchronizedMap(new LinkedHashMap<>(LATELY, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Decoded, CompletableFuture<RgbImage>> eldest) {
                    return size() > LATELY;
                }
            });

    private final ResultStore store;
    private final Retry retry;
    private final int maxPixels;

    SourceImages(ResultStore store, Retry retry, int maxPixels) {
        this.store = store;
        this.retry = retry;
        this.maxPixels = maxPixels;
    }

    /** A picture at a job's size. */
    private record Decoded(UUID object, int width, int height) {}

    /**
     * Empty when the image begins with noise.
     *
     * @throws IllegalArgumentException when a picture is there no more
     */
    Optional<SampleRequest.Source> of(SamplingParams params) {
        return Optional.ofNullable(params.source()).map(source -> source(source, params));
    }

    private SampleRequest.Source source(Source source, SamplingParams params) {
        return new SampleRequest.Source(
                picture("image", source.image(), params),
                source.strength(),
                Optional.ofNullable(source.mask()).map(mask -> picture("mask", mask, params)));
    }

    private RgbImage picture(String field, Upload upload, SamplingParams params) {
        CompletableFuture<RgbImage> fresh = new CompletableFuture<>();
        Decoded key = new Decoded(upload.object(), params.width(), params.height());
        CompletableFuture<RgbImage> known = lately.putIfAbsent(key, fresh);
        if (known != null) {
            return await(known);
        }
        try {
            fresh.complete(decoded(field, upload, params));
        } catch (RuntimeException e) {
            lately.remove(key);
            fresh.completeExceptionally(e);
        }
        return await(fresh);
    }

    private static RgbImage await(CompletableFuture<RgbImage> picture) {
        try {
            return picture.join();
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
