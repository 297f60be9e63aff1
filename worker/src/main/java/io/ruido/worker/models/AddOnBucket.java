package io.ruido.worker.models;

import io.minio.DownloadObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.ruido.config.RuidoConfig;
import io.ruido.job.prompting.AddOn;
import io.ruido.s3.S3Clients;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files in a bucket. It is listed every minute. A file is fetched when it is first used. */
final class AddOnBucket implements AddOnFiles {
    private static final Logger log = LoggerFactory.getLogger(AddOnBucket.class);
    private static final Duration LIST_EVERY = Duration.ofMinutes(1);

    private record Found(String object, String etag, long bytes) {}

    private final String setting;
    private final MinioClient s3;
    private final String bucket;
    private final String prefix;
    private final Path cache;
    private Map<String, Found> found = Map.of();
    private long listedAt = System.nanoTime() - LIST_EVERY.toNanos();

    private AddOnBucket(String setting, MinioClient s3, URI source, Path cache) {
        this.setting = setting;
        this.s3 = s3;
        this.bucket = source.getHost();
        String path = source.getPath().replaceAll("^/+|/+$", "");
        this.prefix = path.isEmpty() ? "" : path + "/";
        this.cache = cache;
    }

    static AddOnBucket open(RuidoConfig config, String setting, String place) throws IOException {
        URI endpoint =
                config.s3().endpoint().orElseThrow(() -> new IllegalArgumentException("ruido.s3.endpoint must be set"));
        Path cache = Files.createTempDirectory("ruido-add-ons");
        cache.toFile().deleteOnExit();
        return new AddOnBucket(setting, S3Clients.create(config.s3(), endpoint), URI.create(place), cache);
    }

    @Override
    public synchronized List<AddOn> list() {
        if (System.nanoTime() - listedAt >= LIST_EVERY.toNanos()) {
            listedAt = System.nanoTime();
            try {
                found = listed();
            } catch (MinioException | GeneralSecurityException | IOException e) {
                log.warn("{}: cannot list s3://{}/{}; retrying: {}", setting, bucket, prefix, e.toString());
            }
        }
        return found.entrySet().stream()
                .map(file -> new AddOn(file.getKey(), file.getValue().bytes))
                .sorted(Comparator.comparing(AddOn::name))
                .toList();
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
        return files;
    }

    @Override
    public synchronized Optional<Local> find(String name) {
        list();
        Found file = found.get(name);
        if (file == null) {
            return Optional.empty();
        }
        Path local = cache.resolve(file.etag.replaceAll("\\W", "_") + SUFFIX);
        if (Files.notExists(local)) {
            local.toFile().deleteOnExit();
            try {
                s3.downloadObject(DownloadObjectArgs.builder()
                        .bucket(bucket)
                        .object(file.object)
                        .filename(local.toString())
                        .build());
            } catch (MinioException | GeneralSecurityException | IOException e) {
                throw new IllegalStateException(
                        "%s: cannot fetch s3://%s/%s: %s".formatted(setting, bucket, file.object, e.getMessage()), e);
            }
        }
        return Optional.of(new Local(local, file.etag));
    }
}
