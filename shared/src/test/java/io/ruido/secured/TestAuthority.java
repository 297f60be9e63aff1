package io.ruido.secured;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A certificate that nobody trusts by default, for servers on the loopback address, and for a client. */
final class TestAuthority {
    static final String PASSWORD = "for-tests";

    private final Path folder;
    private final KeyStore store;

    private TestAuthority(Path folder, KeyStore store) {
        this.folder = folder;
        this.store = store;
    }

    static TestAuthority create(Path folder) throws Exception {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=loopback",
                        "-ext",
                        "SAN=ip:127.0.0.1,dns:localhost",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        folder.resolve("server.p12").toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        if (keytool.waitFor() != 0) {
            throw new IllegalStateException(Files.readString(folder.resolve("keytool.log")));
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve("server.p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        return new TestAuthority(folder, store);
    }

    /** PEM file with the certificate. */
    Path certificate() throws GeneralSecurityException, IOException {
        return Files.writeString(
                folder.resolve("certificate.pem"),
                pem("CERTIFICATE", store.getCertificate("server").getEncoded()));
    }

    /** PEM file with its private key. */
    Path key() throws GeneralSecurityException, IOException {
        Key key = store.getKey("server", PASSWORD.toCharArray());
        return Files.writeString(folder.resolve("key.pem"), pem("PRIVATE KEY", key.getEncoded()));
    }

    /** PKCS12 file with both. */
    Path keyStore() {
        return folder.resolve("server.p12");
    }

    /** Of a server. */
    SSLContext context() throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static String pem(String kind, byte[] content) {
        return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
                .formatted(
                        kind,
                        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                                .encodeToString(content),
                        kind);
    }
}
