package io.ruido.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.StatObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.http.Method;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedS3Test {
    static final String ACCESS_KEY = "ruido";
    static final String SECRET_KEY = "ruido-secret";
    private static final String BUCKET = "ruido";
    private static final String KEY = "results/0191/0.png";

    @TempDir
    Path folder;

    @Test
    void objectsKeepBytesAndContentTypeThroughAKill() throws Exception {
        byte[] image = randomBytes(100_000);
        try (ServerJvm jvm = ServerJvm.start("s3", folder.toString())) {
            MinioClient client = client(jvm.answer(), SECRET_KEY);
            client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
            put(client, KEY, image, "image/png");
            jvm.kill();
        }
        try (EmbeddedS3 s3 = start()) {
            MinioClient client = client(s3.endpoint().toString(), SECRET_KEY);
            assertThat(client.bucketExists(
                            BucketExistsArgs.builder().bucket(BUCKET).build()))
                    .isTrue();
            assertThat(get(client, KEY)).isEqualTo(image);
            assertThat(client.statObject(StatObjectArgs.builder()
                                    .bucket(BUCKET)
                                    .object(KEY)
                                    .build())
                            .contentType())
                    .isEqualTo("image/png");
        }
    }

    @Test
    void aPresignedUrlNeedsNoSecretAndATamperedOneIsRefused() throws Exception {
        byte[] image = randomBytes(1_000);
        try (EmbeddedS3 s3 = start();
                HttpClient browser = HttpClient.newHttpClient()) {
            MinioClient client = bucket(s3);
            put(client, KEY, image, "image/png");
            String url = client.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder()
                    .method(Method.GET)
                    .bucket(BUCKET)
                    .object(KEY)
                    .expiry(1, TimeUnit.HOURS)
                    .build());
            assertThat(url).contains("X-Amz-Algorithm=AWS4-HMAC-SHA256").contains("/" + BUCKET + "/" + KEY);

            var response = browser.send(
                    HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo(image);
            assertThat(response.headers().firstValue("Content-Type")).contains("image/png");

            var tampered = HttpRequest.newBuilder(URI.create(url.replace("0.png", "1.png")))
                    .build();
            assertThat(browser.send(tampered, HttpResponse.BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(403);
        }
    }

    @Test
    void anObjectOfManyPartsComesBackWhole() throws Exception {
        byte[] weights = randomBytes(12 << 20);
        try (EmbeddedS3 s3 = start()) {
            MinioClient client = bucket(s3);
            client.putObject(PutObjectArgs.builder().bucket(BUCKET).object("models/tiny/weights").stream(
                            new ByteArrayInputStream(weights), -1, 5 << 20)
                    .build());
            assertThat(get(client, "models/tiny/weights")).isEqualTo(weights);
            assertThat(keys(client, "models/")).containsExactly("models/tiny/weights");
        }
    }

    @Test
    void aWrongSecretIsRefused() {
        try (EmbeddedS3 s3 = start()) {
            MinioClient stranger = client(s3.endpoint().toString(), "guess");
            assertThatThrownBy(() -> stranger.makeBucket(
                            MakeBucketArgs.builder().bucket(BUCKET).build()))
                    .isInstanceOf(ErrorResponseException.class);
        }
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (var taken = Loopback.bind("test", 0)) {
            int port = taken.socket().getLocalPort();
            assertThatThrownBy(() -> EmbeddedS3.start(folder, port, ACCESS_KEY, SECRET_KEY))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port " + port);
        }
    }

    private EmbeddedS3 start() {
        return EmbeddedS3.start(folder, 0, ACCESS_KEY, SECRET_KEY);
    }

    private static MinioClient client(String endpoint, String secret) {
        return MinioClient.builder()
                .endpoint(endpoint)
                .credentials(ACCESS_KEY, secret)
                .build();
    }

    private static MinioClient bucket(EmbeddedS3 s3) throws Exception {
        MinioClient client = client(s3.endpoint().toString(), SECRET_KEY);
        client.makeBucket(MakeBucketArgs.builder().bucket(BUCKET).build());
        return client;
    }

    private static void put(MinioClient client, String key, byte[] bytes, String contentType) throws Exception {
        client.putObject(PutObjectArgs.builder().bucket(BUCKET).object(key).stream(
                        new ByteArrayInputStream(bytes), bytes.length, -1)
                .contentType(contentType)
                .build());
    }

    private static byte[] get(MinioClient client, String key) throws Exception {
        try (var object = client.getObject(
                GetObjectArgs.builder().bucket(BUCKET).object(key).build())) {
            return object.readAllBytes();
        }
    }

    private static List<String> keys(MinioClient client, String prefix) throws Exception {
        List<String> keys = new ArrayList<>();
        for (var item : client.listObjects(ListObjectsArgs.builder()
                .bucket(BUCKET)
                .prefix(prefix)
                .recursive(true)
                .build())) {
            keys.add(item.get().objectName());
        }
        return keys;
    }

    private static byte[] randomBytes(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }
}
