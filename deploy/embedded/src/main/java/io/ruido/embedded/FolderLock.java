package io.ruido.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps a data folder to one owner; the operating system frees it when the owning JVM ends, however it ends. */
public final class FolderLock implements AutoCloseable {
    private static final String LOCK = ".lock";

    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Creates the folder when absent, for its owner alone, and takes it. A folder that was there before keeps its
     * permissions, unless a Ruido has had it.
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
