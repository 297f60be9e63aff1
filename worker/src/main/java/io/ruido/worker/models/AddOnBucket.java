package io.ruido.worker.models;

import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.ruido.config.RuidoConfig;
import io.ruido.job.prompting.AddOn;
import io.ruido.s3.S3Clients;
import io.ruido.telemetry.Outage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files in a bucket. It is listed every minute, and when a job names a file that is not in the latest listing. A file is
 * fetched when it is first used, and kept in a folder until it is no longer in the bucket.
 */
final class AddOnBucket implements AddOnFiles {
    private static final Logger log = LoggerFactory.getLogger(AddOnBucket.class);
    private static final Duration LIST_EVERY = Duration.ofMinutes(1);

    /** A job that has found a file reads it within this time, even when the file has left the bucket meanwhile. */
    private static final Duration KEPT_UNLISTED = Duration.ofMinutes(10);

    private record Found(String object, String etag, long bytes) {
        String cached() {
            return etag.replaceAll("\\W", "_") + SUFFIX;
        }
    }

    /**
     * What the bucket had.
     *
     * @param at {@link System#nanoTime} when the listing began
     */
    private record Listing(Map<String, Found> files, long at) {
        List<AddOn> addOns() {
            return files.entrySet().stream()
                    .map(file -> new AddOn(file.getKey(), file.getValue().bytes))
                    .sorted(Comparator.comparing(AddOn::name))
                    .toList();
        }
    }

    private final MinioClient s3;
    private final String bucket;
    private final String prefix;
    private final Path cache;
    private final Outage outage;
    private final Object oneListing = new Object();
    private final AtomicBoolean listing = new AtomicBoolean();
    private final Map<String, CompletableFuture<Path>> downloads = new ConcurrentHashMap<>();
    private volatile Optional<Listing> latest = Optional.empty();
    private volatile long triedAt = System.nanoTime() - LIST_EVERY.toNanos();

    private AddOnBucket(String setting, MinioClient s3, URI source, Path cache) {
        this.s3 = s3;
        this.bucket = source.getHost();
        String path = source.getPath().replaceAll("^/+|/+$", "");
        this.prefix = path.isEmpty() ? "" : path + "/";
        this.cache = cache;
        this.outage = new Outage("%s: s3://%s/%s".formatted(setting, bucket, prefix));
    }

    /** Lists the bucket once, so that the files are known from the start; when that fails, it is listed later. */
    static AddOnBucket open(RuidoConfig config, String setting, String place) throws IOException {
        URI endpoint =
                config.s3().endpoint().orElseThrow(() -> new IllegalArgumentException("ruido.s3.endpoint must be set"));
        Path cache = cache(config.worker().models(), setting);
        AddOnBucket files = new AddOnBucket(setting, S3Clients.create(config.s3(), endpoint), URI.create(place), cache);
        files.tryToList();
        return files;
    }

    /** Beside the models, which are often fetched too; in the folder for temporary files when models are read-only. */
    private static Path cache(Path models, String setting) throws IOException {
        Path parent = Files.isWritable(models)
                ? models.resolve(".add-ons")
                : Path.of(System.getProperty("java.io.tmpdir"), "ruido-add-ons");
        return Files.createDirectories(parent.resolve(setting));
    }

    @Override
    public List<AddOn> list() {
        if (System.nanoTime() - triedAt >= LIST_EVERY.toNanos() && listing.compareAndSet(false, true)) {
            Thread.ofVirtual().name("list-" + bucket).start(() -> {
                try {
                    tryToList();
                } finally {
                    listing.set(false);
                }
            });
        }
        return latest.map(Listing::addOns).orElse(List.of());
    }

    private void tryToList() {
        try {
            listedSince(System.nanoTime());
        } catch (IOException e) {
            log.debug("{}; listing again in {} s", e.getMessage(), LIST_EVERY.toSeconds());
        }
    }

    @Override
    public List<AddOn> awaitList() throws IOException {
        return (latest.isPresent() ? latest.get() : listedSince(System.nanoTime())).addOns();
    }

    @Override
    public Optional<Local> find(String name) throws IOException {
        long asked = System.nanoTime();
        Found file = latest.map(listing -> listing.files.get(name)).orElse(null);
        if (file == null) {
            file = listedSince(asked).files.get(name);
        }
        if (file == null) {
            return Optional.empty();
        }
        return Optional.of(new Local(fetched(file), file.etag));
    }

    /** The latest listing that began at a time or later; threads that want one at once share it. */
    private Listing listedSince(long time) throws IOException {
        synchronized (oneListing) {
            if (latest.isPresent() && latest.get().at - time >= 0) {
                return latest.get();
            }
            triedAt = System.nanoTime();
            try {
                Listing listing = new Listing(listed(), triedAt);
                latest = Optional.of(listing);
                outage.answered();
                removeOld(listing);
                return listing;
            } catch (MinioException | GeneralSecurityException | IOException | RuntimeException e) {
                throw failed("list s3://%s/%s".formatted(bucket, prefix), e);
            }
        }
    }

    /** Logs a failed call. MinIO's own text would fill several lines with the request and the response. */
    private IOException failed(String call, Exception cause) {
        IOException failure = new IOException("S3: cannot %s: %s".formatted(call, cause.getMessage()), cause);
        outage.failed(failure);
        return failure;
    }

    private Map<String, Found> listed() throws MinioException, GeneralSecurityException, IOException {
        Map<String, Found> files = new HashMap<>();
        for (Result<Item> result : s3.listObjects(
                ListObjectsArgs.builder().bucket(bucket).prefix(prefix).build())) {
            Item item = result.get();
            if (!item.isDir() && item.objectName().endsWith(SUFFIX)) {
                String file = item.objectName().substring(prefix.length());
                files.put(
                        file.substring(0, file.length() - SUFFIX.length()),
                        new Found(item.objectName(), item.etag().replace("\"", ""), item.size()));
            }
        }
        return Map.copyOf(files);
    }

    /** Removes what is not in the bucket any more, and unfinished downloads of a process that was killed. */
    private void removeOld(Listing listing) {
        var kept = listing.files.values().stream().map(Found::cached).collect(Collectors.toSet());
        Instant before = Instant.now().minus(KEPT_UNLISTED);
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : files.toList()) {
                if (!kept.contains(file.getFileName().toString())
                        && Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            log.warn("cannot remove old files from {} ({}); trying again at the next listing", cache, e.toString());
        }
    }

    /** The file in the cache. Threads that want the same one wait for one download. */
    private Path fetched(Found file) throws IOException {
        CompletableFuture<Path> fresh = new CompletableFuture<>();
        CompletableFuture<Path> known = downloads.putIfAbsent(file.etag, fresh);
        if (known == null) {
            try {
                Path local = cache.resolve(file.cached());
                if (Files.exists(local)) {
                    Files.setLastModifiedTime(local, FileTime.from(Instant.now()));
                } else {
                    download(file, local);
                }
                fresh.complete(local);
            } catch (IOException | RuntimeException | Error e) {
                fresh.completeExceptionally(e);
            } finally {
                downloads.remove(file.etag, fresh);
            }
        }
        try {
            return (known == null ? fresh : known).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException fault) {
                throw new IOException(fault.getMessage(), fault);
            }
            throw e;
        }
    }

    private void download(Found file, Path local) throws IOException {
        Path part = Files.createTempFile(cache, file.cached(), ".part");
        try (InputStream in = s3.getObject(GetObjectArgs.builder()
                .bucket(bucket)
                .object(file.object)
                .matchETag(file.etag)
                .build())) {
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, local, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            outage.answered();
        } catch (MinioException | GeneralSecurityException | IOException e) {
            if (e instanceof ErrorResponseException) {
                // It may have been replaced or removed since it was listed. The next attempt sees which.
                listedSince(System.nanoTime());
            }
            throw failed("get s3://%s/%s".formatted(bucket, file.object), e);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
