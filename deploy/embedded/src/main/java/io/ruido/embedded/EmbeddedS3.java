package io.ruido.embedded;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobApiMetadata;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;
import org.jclouds.logging.slf4j.config.SLF4JLoggingModule;

/**
 * An S3 server in this JVM over a folder: a bucket is a folder, an object a file, its content type an extended
 * attribute of that file. Clients address it path-style, with signatures of version 4 in headers or in the query.
 */
public final class EmbeddedS3 implements AutoCloseable {
    private static final String ACCESS_KEY = "ruido";

    private final S3Proxy server;
    private final BlobStoreContext files;
    private final String accessKey;
    private final String secretKey;

    private EmbeddedS3(S3Proxy server, BlobStoreContext files, String accessKey, String secretKey) {
        this.server = server;
        this.files = files;
        this.accessKey = accessKey;
        this.secretKey = secretKey;
    }

    /** Starts with the secret key that belongs to the folder, see {@link #start(Path, int, String, String)}. */
    public static EmbeddedS3 start(Path folder, int port) {
        return start(folder, port, ACCESS_KEY, PrivateFolder.password(folder));
    }

    /**
     * Starts the server and returns once it takes requests.
     *
     * @param folder where buckets live; created when absent, for its owner alone
     * @param port port on the loopback address, or 0 for a free one
     * @throws IllegalStateException when the port is taken
     */
    public static EmbeddedS3 start(Path folder, int port, String accessKey, String secretKey) {
        PrivateFolder.create(folder);
        Properties overrides = new Properties();
        overrides.setProperty("jclouds.filesystem.basedir", folder.toString());
        BlobStoreContext files = ContextBuilder.newBuilder(new FilesystemNio2BlobApiMetadata())
                .credentials(accessKey, secretKey)
                .modules(List.of(new SLF4JLoggingModule()))
                .overrides(overrides)
                .build(BlobStoreContext.class);
        S3Proxy server = S3Proxy.builder()
                .blobStore(files.getBlobStore())
                .endpoint(address(port))
                .awsAuthentication(AuthenticationType.AWS_V4, accessKey, secretKey)
                .ignoreUnknownHeaders(true)
                .build();
        EmbeddedS3 s3 = new EmbeddedS3(server, files, accessKey, secretKey);
        try {
            server.start();
            return s3;
        } catch (Exception e) {
            s3.close();
            throw new IllegalStateException("S3: cannot listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    /** Returns the address for clients. */
    public URI endpoint() {
        return address(server.getPort());
    }

    /** Returns the settings with which Ruido connects to this server. */
    public Map<String, String> settings() {
        return settings(endpoint(), accessKey, secretKey);
    }

    /** Returns the settings with which Ruido connects to the server of this folder on this port. */
    public static Map<String, String> settings(Path folder, int port) {
        return settings(address(port), ACCESS_KEY, PrivateFolder.password(folder));
    }

    private static Map<String, String> settings(URI endpoint, String accessKey, String secretKey) {
        return Map.of(
                "ruido.s3.endpoint", endpoint.toString(),
                "ruido.s3.access-key", accessKey,
                "ruido.s3.secret-key", secretKey);
    }

    private static URI address(int port) {
        return URI.create("http://" + Loopback.HOST + ":" + port);
    }

    /** Stops the server; the objects stay in its folder. */
    @Override
    public void close() {
        try (files) {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("S3 did not stop cleanly", e);
        }
    }
}
