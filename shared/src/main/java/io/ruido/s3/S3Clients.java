package io.ruido.s3;

import io.minio.MinioClient;
import io.minio.credentials.AwsConfigProvider;
import io.minio.credentials.IamAwsProvider;
import io.minio.credentials.Provider;
import io.minio.credentials.StaticProvider;
import io.ruido.config.RuidoConfig.S3Config;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/** Creates clients of the object store. */
public final class S3Clients {
    private static final int MAX_REQUESTS = 256;

    private S3Clients() {}

    /** Creates a client without connecting to the server. The region is set, so signing a URL needs no call. */
    public static MinioClient create(S3Config config, URI endpoint) {
        // Not the library's own client, which takes the authorities that it trusts from SSL_CERT_FILE where that is
        // set.
        OkHttpClient http = new OkHttpClient.Builder()
                .dispatcher(dispatcher())
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectTimeout(config.timeout())
                .readTimeout(config.timeout())
                .writeTimeout(config.timeout())
                .build();
        return MinioClient.builder()
                .endpoint(endpoint.toString())
                .credentialsProvider(credentials(config, http))
                .region(config.region())
                .httpClient(http)
                .build();
    }

    /** Calls wait without a timeout for others to the same host to end, by default for all but five of them. */
    private static Dispatcher dispatcher() {
        var dispatcher = new Dispatcher();
        dispatcher.setMaxRequests(MAX_REQUESTS);
        dispatcher.setMaxRequestsPerHost(MAX_REQUESTS);
        return dispatcher;
    }

    private static Provider credentials(S3Config config, OkHttpClient http) {
        return switch (config.credentials()) {
            case keys ->
                new StaticProvider(
                        required("ruido.s3.access-key", config.accessKey()),
                        required("ruido.s3.secret-key", config.secretKey()),
                        null);
            case file ->
                new AwsConfigProvider(
                        config.credentialsFile().map(Object::toString).orElse(null), config.credentialsProfile());
            case role -> new IamAwsProvider(null, http);
        };
    }

    private static String required(String setting, Optional<String> value) {
        return value.orElseThrow(() -> new IllegalArgumentException(setting + " must be set"));
    }
}
