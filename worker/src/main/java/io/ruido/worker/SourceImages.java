package io.ruido.worker;

import io.ruido.image.ImageFile;
import io.ruido.job.SamplingParams;
import io.ruido.job.Source;
import io.ruido.job.Upload;
import io.ruido.pipeline.SampleRequest;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.s3.ResultStore;
import java.util.Optional;

/** Fetches and decodes the uploaded images that jobs start from. */
final class SourceImages {
    private final ResultStore store;
    private final Retry retry;
    private final int maxPixels;

    SourceImages(ResultStore store, Retry retry, int maxPixels) {
        this.store = store;
        this.retry = retry;
        this.maxPixels = maxPixels;
    }

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
        byte[] bytes = retry.call(() -> store.get(ResultStore.key(upload)))
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s: the picture %s is not kept any more".formatted(field, upload.id())));
        return decoded(field, bytes, params);
    }

    /** One at a time: many large ones would not fit into memory. */
    private synchronized RgbImage decoded(String field, byte[] bytes, SamplingParams params) {
        return RgbImage.of(ImageFile.read(field, bytes, maxPixels).image()).resized(params.width(), params.height());
    }
}
