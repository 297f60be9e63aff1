package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Locks a data folder for one owner. The operating system frees the lock when the JVM of the owner ends in any way. */
public final class FolderLock implements AutoCloseable {
    private static final String LOCK = ".lock";

    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Creates the folder if it is absent, readable by its owner only, and locks it. An existing folder keeps its
     * permissions unless Ruido has used it before.
     *
     * @throws IllegalStateException when another server of this or another JVM has it
     */
    public static FolderLock acquire(Path folder) {
        try {
            if (Files.notExists(folder) || Files.exists(folder.resolve(LOCK))) {
                PrivateFolder.create(folder);
            }
            FileChannel channel =
                    FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel)) {
                return new FolderLock(channel);
            }
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot lock folder " + folder, e);
        }
        throw new IllegalStateException("Folder " + folder + " is in use by another Ruido");
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Frees the folder. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
