package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/**
 * Folders and files that no other user of the machine may read. Where a file system has no permissions, none are set.
 */
public final class PrivateFolder {
    private static final Set<PosixFilePermission> FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
    private static final String PASSWORD = ".password";
    private static final int PASSWORD_BYTES = 24;

    private PrivateFolder() {}

    /** Creates the folder if it is absent, and makes it accessible to its owner only (mode 0700). */
    public static Path create(Path folder) {
        try {
            Files.createDirectories(folder, attributes(folder, FOLDER));
            if (posix(folder)) {
                Files.setPosixFilePermissions(folder, FOLDER);
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create folder " + folder + " for its owner alone", e);
        }
    }

    /** Writes or replaces a file that only its owner may read (mode 0600). */
    public static void write(Path file, String text) {
        try {
            Files.deleteIfExists(file);
            Files.createFile(file, attributes(file.getParent(), FILE));
            Files.writeString(file, text, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    /** Returns the random password of the server with this folder, which is created when it is first needed. */
    static String password(Path folder) {
        Path file = create(folder).resolve(PASSWORD);
        try {
            if (Files.notExists(file)) {
                Path fresh = Files.createTempFile(folder, PASSWORD, null, attributes(folder, FILE));
                Files.writeString(fresh, random());
                publish(fresh, file);
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read or write " + file, e);
        }
    }

    /** Writes the file atomically, unless it exists already. */
    private static void publish(Path fresh, Path file) throws IOException {
        try {
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException e) {
            return; // Another process has created it.
        } finally {
            Files.delete(fresh);
        }
    }

    private static String random() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static FileAttribute<?>[] attributes(Path folder, Set<PosixFilePermission> permissions) {
        return posix(folder)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }

    private static boolean posix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
