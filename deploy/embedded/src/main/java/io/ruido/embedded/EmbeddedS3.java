package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    private final S3Proxy server;
    private final BlobStoreContext files;

    private EmbeddedS3(S3Proxy server, BlobStoreContext files) {
        this.server = server;
        this.files = files;
    }

    /**
     * Starts the server and returns once it takes requests.
     *
     * @param folder where buckets live; created when absent
     * @param port port on the loopback address, or 0 for a free one
     * @throws IllegalStateException when the port is taken
     */
    public static EmbeddedS3 start(Path folder, int port, String accessKey, String secretKey) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("S3 folder " + folder, e);
        }
        Properties overrides = new Properties();
        overrides.setProperty("jclouds.filesystem.basedir", folder.toString());
        BlobStoreContext files = ContextBuilder.newBuilder(new FilesystemNio2BlobApiMetadata())
                .credentials(accessKey, secretKey)
                .modules(List.of(new SLF4JLoggingModule()))
                .overrides(overrides)
                .build(BlobStoreContext.class);
        S3Proxy server = S3Proxy.builder()
                .blobStore(files.getBlobStore())
                .endpoint(URI.create("http://" + Loopback.HOST + ":" + port))
                .awsAuthentication(AuthenticationType.AWS_V4, accessKey, secretKey)
                .ignoreUnknownHeaders(true)
                .build();
        EmbeddedS3 s3 = new EmbeddedS3(server, files);
        try {
            server.start();
            return s3;
        } catch (Exception e) {
            s3.close();
            throw new IllegalStateException("S3: cannot listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    /** The address clients connect to. */
    public URI endpoint() {
        return URI.create("http://" + Loopback.HOST + ":" + server.getPort());
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
