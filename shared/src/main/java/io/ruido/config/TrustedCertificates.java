package io.ruido.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Private certificate authorities, such as those of Kafka, Redis and S3. All clients use the JDK's trust store, so the
 * authorities are added to it, once for the whole process.
 */
public final class TrustedCertificates {
    private TrustedCertificates() {}

    /**
     * Trusts the authorities in a PEM file in addition to the current ones. It must be called before the first
     * connection.
     *
     * @throws IOException when the file cannot be read or has no certificate
     */
    public static void install(Path pem) throws IOException {
        List<Certificate> trusted = new ArrayList<>(read(pem));
        try {
            trusted.addAll(ofTheJdk());
            String password = UUID.randomUUID().toString();
            Path file = Files.createTempFile("ruido-trusted", ".p12");
            file.toFile().deleteOnExit();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            for (int i = 0; i < trusted.size(); i++) {
                store.setCertificateEntry(String.valueOf(i), trusted.get(i));
            }
            try (OutputStream out = Files.newOutputStream(file)) {
                store.store(out, password.toCharArray());
            }
            System.setProperty("javax.net.ssl.trustStore", file.toString());
            System.setProperty("javax.net.ssl.trustStoreType", "PKCS12");
            System.setProperty("javax.net.ssl.trustStorePassword", password);
        } catch (GeneralSecurityException e) {
            throw new IOException("ruido.trusted-certificates: cannot trust those of " + pem, e);
        }
    }

    private static Collection<? extends Certificate> read(Path pem) throws IOException {
        try (InputStream in = Files.newInputStream(pem)) {
            var certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.isEmpty()) {
                throw new IOException("ruido.trusted-certificates: no certificate in " + pem);
            }
            return certificates;
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "ruido.trusted-certificates: %s is not a PEM file with certificates: %s"
                            .formatted(pem, e.getMessage()),
                    e);
        }
    }

    private static List<Certificate> ofTheJdk() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        List<Certificate> certificates = new ArrayList<>();
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                certificates.addAll(List.of(x509.getAcceptedIssuers()));
            }
        }
        return certificates;
    }
}
