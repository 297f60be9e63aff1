package io.ruido.gateway.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Files with API keys, deleted when the tests end. */
public final class KeyFile {
    private KeyFile() {}

    public static Path write(String entries) {
        try {
            Path file = Files.createTempFile("ruido-keys", ".yaml");
            file.toFile().deleteOnExit();
            return Files.writeString(file, entries);
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** @param more fields of the entry, as YAML */
    public static String entry(String name, String secret, String more) {
        return "- {name: %s, sha256: \"%s\", %s}\n".formatted(name, sha256(secret), more);
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
