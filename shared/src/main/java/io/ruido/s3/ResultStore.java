package io.ruido.s3;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.http.Method;
import io.ruido.config.RuidoConfig.S3Config;
import io.ruido.job.Artifact;
import io.ruido.job.JobJson;
import io.ruido.job.JobStatus;
import io.ruido.job.SampleId;
import io.ruido.job.Upload;
import io.ruido.telemetry.Outage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Results in S3: {@code results/{jobId}/{index}} with the extension of their type and {@code results/{jobId}/job.json},
 * and the images that clients have uploaded: {@code uploads/{object}} as they were sent, and
 * {@code uploads/{object}.png} decoded. A result that is stored again has the same key. Calls block, at most for about
 * the configured timeout.
 */
public final class ResultStore {
    private final MinioClient s3;
    private final MinioClient presigner;
    private final String bucket;
    private final Duration presignedFor;
    private final Outage outage = new Outage("The object store");

    /** Creates a store, without connecting to the server. */
    public ResultStore(S3Config config) {
        URI endpoint =
                config.endpoint().orElseThrow(() -> new IllegalArgumentException("ruido.s3.endpoint must be set"));
        this.s3 = S3Clients.create(config, endpoint);
        this.presigner = S3Clients.create(config, config.publicEndpoint().orElse(endpoint));
        this.bucket = config.bucket();
        this.presignedFor = config.presignedFor();
    }

    /** Creates the bucket if it does not exist. */
    public void createBucket() throws IOException {
        call("create bucket " + bucket, () -> {
            if (!s3.bucketExists(BucketExistsArgs.builder().bucket(bucket).build())) {
                makeBucket();
            }
            return null;
        });
    }

    private void makeBucket() throws MinioException, GeneralSecurityException, IOException {
        try {
            s3.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
        } catch (ErrorResponseException e) {
            // Another process has created it.
            if (!e.errorResponse().code().equals("BucketAlreadyOwnedByYou")) {
                throw e;
            }
        }
    }

    /** Returns whether the bucket is available. */
    public boolean reachable() {
        try {
            return call(
                    "check bucket " + bucket,
                    () -> s3.bucketExists(
                            BucketExistsArgs.builder().bucket(bucket).build()));
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Stores an image's result.
     *
     * @return the key, {@code results/{jobId}/{index}.{extension}}
     */
    public String putResult(SampleId sample, Artifact result) throws IOException {
        String key = "results/%s/%d.%s".formatted(sample.jobId(), sample.index(), result.extension());
        put(key, result.bytes(), result.mediaType());
        return key;
    }

    /** Returns the key of an uploaded image as it was sent. */
    public static String key(Upload upload) {
        return uploadKey(upload.object());
    }

    /** Returns the key of an uploaded image as a decoded PNG. */
    public static String plainKey(Upload upload) {
        return plainKey(upload.object());
    }

    private static String uploadKey(UUID object) {
        return "uploads/" + object;
    }

    private static String plainKey(UUID object) {
        return uploadKey(object) + ".png";
    }

    public void putUpload(UUID object, byte[] file, String mediaType) throws IOException {
        put(uploadKey(object), file, mediaType);
    }

    public void putPlainUpload(UUID object, byte[] png) throws IOException {
        put(plainKey(object), png, "image/png");
    }

    /** Deletes both forms of an uploaded image. Deletes an object. Idempotent. */
    public void deleteUpload(UUID object) throws IOException {
        delete(plainKey(object));
        delete(uploadKey(object));
    }

    /**
     * Reads the decoded form of an uploaded image, or the sent form if an earlier version stored only that; empty when
     * it has been deleted.
     */
    public Optional<byte[]> plainUpload(Upload upload) throws IOException {
        Optional<byte[]> plain = get(plainKey(upload));
        return plain.isPresent() ? plain : get(key(upload));
    }

    /** Stores a finished job beside its images, so that it outlives Redis. */
    public void putStatus(JobStatus status) throws IOException {
        put(statusKey(status.job().jobId()), JobJson.writeBytes(status), "application/json");
    }

    /** Reads a finished job, or empty when there is none. */
    public Optional<JobStatus> status(UUID job) throws IOException {
        return get(statusKey(job)).map(json -> JobJson.read(json, JobStatus.class));
    }

    public static String statusKey(UUID job) {
        return "results/" + job + "/job.json";
    }

    /** Idempotent. */
    public void delete(String key) throws IOException {
        call("delete " + key, () -> {
            s3.removeObject(
                    RemoveObjectArgs.builder().bucket(bucket).object(key).build());
            return null;
        });
    }

    /** Reads an object, or empty when there is none. */
    public Optional<byte[]> get(String key) throws IOException {
        return call("get " + key, () -> {
            try (InputStream in = s3.getObject(
                    GetObjectArgs.builder().bucket(bucket).object(key).build())) {
                return Optional.of(in.readAllBytes());
            } catch (ErrorResponseException e) {
                if (e.errorResponse().code().equals("NoSuchKey")) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    /** Returns a URL from which anybody can temporarily fetch the object. It does not connect to the server. */
    public URI presignedUrl(String key) {
        try {
            return URI.create(presigner.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder()
                    .method(Method.GET)
                    .bucket(bucket)
                    .object(key)
                    .expiry((int) presignedFor.toSeconds(), TimeUnit.SECONDS)
                    .build()));
        } catch (MinioException | GeneralSecurityException | IOException e) {
            throw new IllegalStateException("cannot sign an address for " + key, e);
        }
    }

    private void put(String key, byte[] content, String contentType) throws IOException {
        call(
                "put " + key,
                () -> s3.putObject(PutObjectArgs.builder().bucket(bucket).object(key).stream(
                                new ByteArrayInputStream(content), content.length, -1)
                        .contentType(contentType)
                        .build()));
    }

    @FunctionalInterface
    private interface Call<T> {
        T run() throws MinioException, GeneralSecurityException, IOException;
    }

    private <T> T call(String what, Call<T> call) throws IOException {
        try {
            T answer = twice(call);
            outage.answered();
            return answer;
        } catch (MinioException | GeneralSecurityException | IOException e) {
            IOException failure = new IOException("S3: cannot " + what + ": " + e.getMessage(), e);
            outage.failed(failure);
            throw failure;
        }
    }

    // Every call here can be made twice: a pooled connection to a restarted server fails at its first use. A retry
    // against an unreachable or silent server would only cost the timeout again.
    private static <T> T twice(Call<T> call) throws MinioException, GeneralSecurityException, IOException {
        try {
            return call.run();
        } catch (ConnectException | InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            return call.run();
        }
    }
}
