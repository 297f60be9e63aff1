package io.ruido.gateway.uploads;

import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.gateway.http.Problem;
import io.ruido.gateway.http.ProblemException;
import io.ruido.gateway.jobs.Housekeeping;
import io.ruido.image.ImageEncoder;
import io.ruido.image.ImageFile;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.Upload;
import io.ruido.redis.DelayedQueue;
import io.ruido.redis.UploadStore;
import io.ruido.s3.ResultStore;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The images that clients upload for jobs to start from. Each is stored once per tenant, and is deleted some time after
 * it was last uploaded or used by a job.
 */
public final class Uploads {
    /** The maximum number of images that are accepted at the same time. More would wait in memory for seconds. */
    static final int PLACES = 32;

    private final UploadStore store;
    private final DelayedQueue agenda;
    private final ResultStore objects;
    private final UploadsConfig limits;
    private final Executor blocking;
    private final FairExecutor decoding;
    private final Semaphore places = new Semaphore(PLACES);

    /** @param decoding executor with few threads, because each may need memory for an image of the maximum size */
    public Uploads(
            UploadStore store,
            DelayedQueue agenda,
            ResultStore objects,
            UploadsConfig limits,
            Executor blocking,
            Executor decoding) {
        this.store = store;
        this.agenda = agenda;
        this.objects = objects;
        this.limits = limits;
        this.blocking = blocking;
        this.decoding = new FairExecutor(decoding);
    }

    /**
     * Stores an image, unless it is already stored. Fails with an {@link InvalidFieldException} when it is too large or
     * not an image, and with a {@link ProblemException} when there is no room for it.
     *
     * @param field field to name in the error
     * @param abandoned whether the client has disconnected, which stops the decoding
     */
    public CompletionStage<Upload> keep(String field, byte[] bytes, String tenant, BooleanSupplier abandoned) {
        return inPlace(() -> kept(field, bytes, tenant, abandoned));
    }

    /**
     * Stores an image that has to be made first.
     *
     * @param file makes the file, on the threads that decode images
     */
    public CompletionStage<Upload> keep(String field, Supplier<byte[]> file, String tenant, BooleanSupplier abandoned) {
        return inPlace(() -> CompletableFuture.supplyAsync(file, decoding.of(tenant))
                .thenCompose(bytes -> kept(field, bytes, tenant, abandoned)));
    }

    /** Runs work on the threads that decode images. */
    public <T> CompletionStage<T> work(String tenant, Supplier<T> work) {
        return inPlace(() -> CompletableFuture.supplyAsync(work, decoding.of(tenant)));
    }

    /** Decodes an image, with its orientation applied. */
    public ImageFile read(String field, byte[] bytes) {
        return checked(field, bytes, () -> false);
    }

    /** Stores a mask that is transparent where the image is repainted as one that is white there. */
    public CompletionStage<Upload> keepTransparency(
            String field, byte[] bytes, Upload image, String tenant, BooleanSupplier abandoned) {
        return inPlace(() -> CompletableFuture.supplyAsync(
                        () -> TransparentMask.white(field, bytes, image, limits.maxPixels(), abandoned),
                        decoding.of(tenant))
                .thenCompose(mask -> kept(field, mask, tenant, abandoned)));
    }

    /**
     * Stores the transparent part of an image as a mask, which is white there; empty when all of the image is opaque.
     */
    public CompletionStage<Optional<Upload>> keepHole(
            String field, byte[] bytes, String tenant, BooleanSupplier abandoned) {
        return inPlace(() -> CompletableFuture.supplyAsync(
                        () -> TransparentMask.hole(field, bytes, limits.maxPixels(), abandoned), decoding.of(tenant))
                .thenCompose(hole -> hole.map(
                                mask -> kept(field, mask, tenant, abandoned).thenApply(Optional::of))
                        .orElse(CompletableFuture.completedStage(Optional.empty()))));
    }

    private <T> CompletionStage<T> inPlace(Supplier<CompletionStage<T>> work) {
        if (!places.tryAcquire()) {
            return CompletableFuture.failedStage(new ProblemException(Problem.of(
                    Problem.Code.TOO_MANY_PICTURES,
                    "This gateway accepts %d images at the same time; try again later.".formatted(PLACES))));
        }
        return CompletableFuture.completedStage(null)
                .thenCompose(begun -> work.get())
                .whenComplete((upload, error) -> places.release());
    }

    private CompletionStage<Upload> kept(String field, byte[] bytes, String tenant, BooleanSupplier abandoned) {
        return CompletableFuture.supplyAsync(() -> DigestUtils.sha256Hex(bytes), decoding.of(tenant))
                .thenCompose(
                        id -> store.keep(tenant, id).thenCompose(known -> known.map(CompletableFuture::completedStage)
                                .orElseGet(() -> add(field, bytes, tenant, id, abandoned))));
    }

    private CompletionStage<Upload> add(
            String field, byte[] bytes, String tenant, String id, BooleanSupplier abandoned) {
        UUID object = UUID.randomUUID();
        return CompletableFuture.supplyAsync(() -> Plain.of(checked(field, bytes, abandoned)), decoding.of(tenant))
                .thenCompose(plain -> store.announce(object, tenant, bytes.length + plain.png.length)
                        .thenAccept(taken -> checkRoom(field, bytes.length + plain.png.length, taken))
                        .thenRunAsync(() -> put(object, bytes, plain), blocking)
                        .thenCompose(stored -> store.add(tenant, new Upload(id, object, plain.width, plain.height))));
    }

    /** A decoded image as a PNG that workers can decode fast. */
    private record Plain(ImageFile.Format format, int width, int height, byte[] png) {
        static Plain of(ImageFile file) {
            BufferedImage image = file.image();
            return new Plain(file.format(), image.getWidth(), image.getHeight(), ImageEncoder.plain(image));
        }
    }

    private void checkRoom(String field, int bytes, Optional<Long> taken) {
        taken.ifPresent(others -> {
            Problem.Field refused = new Problem.Field(
                    field,
                    bytes + " bytes to store",
                    "exceeds the storage: uploads take %d of %d bytes, and there may be %d of them. Each upload is deleted %s after its last use"
                            .formatted(
                                    others, limits.maxStoredBytes(), limits.maxStoredPictures(), limits.retention()));
            throw new ProblemException(Problem.of(Problem.Code.NO_ROOM, refused.toString(), List.of(refused)));
        });
    }

    /**
     * Finds an upload and extends its retention. Fails with a {@link ProblemException} when the tenant has no such
     * upload.
     */
    public CompletionStage<Upload> require(String field, String id, String tenant) {
        return store.keep(tenant, id)
                .thenApply(found -> found.orElseThrow(() -> {
                    Problem.Field unknown =
                            new Problem.Field(field, id, "is not an upload, or was deleted; upload it to /v1/uploads");
                    return new ProblemException(
                            Problem.of(Problem.Code.UNKNOWN_UPLOAD, unknown.toString(), List.of(unknown)));
                }));
    }

    /** Reads the file as it was uploaded; empty when the tenant has no such upload. */
    public CompletionStage<Optional<byte[]>> read(String id, String tenant) {
        return store.find(tenant, id).thenApplyAsync(found -> found.flatMap(this::get), blocking);
    }

    /** Deletes uploads after their retention time. Never fails. */
    public CompletionStage<Void> forget() {
        return Housekeeping.each(agenda, object -> CompletableFuture.runAsync(() -> delete(object), blocking)
                .thenCompose(deleted -> store.forget(object)));
    }

    private ImageFile checked(String field, byte[] bytes, BooleanSupplier abandoned) {
        if (bytes.length > limits.maxBytes()) {
            throw new InvalidFieldException(
                    field, bytes.length + " bytes", "must have at most " + limits.maxBytes() + " bytes");
        }
        return ImageFile.read(field, bytes, limits.maxPixels(), abandoned);
    }

    /**
     * Decodes an image file in base64, with or without a prefix {@code data:…;base64,}, line breaks and padding.
     *
     * @throws InvalidFieldException naming the field, when the text is not base64
     */
    public static byte[] decoded(String field, String text) {
        try {
            String base64 = text.startsWith("data:") ? text.substring(text.indexOf(',') + 1) : text;
            // As in other decoders, white space is skipped, and all other invalid characters are refused.
            return Base64.getDecoder().decode(base64.replaceAll("\\s", "").replaceFirst("=+$", ""));
        } catch (IllegalArgumentException e) {
            throw new InvalidFieldException(field, text, "must be an image in base64");
        }
    }

    private void put(UUID object, byte[] bytes, Plain plain) {
        try {
            objects.putUpload(object, bytes, plain.format.mediaType());
            objects.putPlainUpload(object, plain.png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<byte[]> get(Upload upload) {
        try {
            return objects.get(ResultStore.key(upload));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void delete(UUID object) {
        try {
            objects.deleteUpload(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
