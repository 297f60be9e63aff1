package io.ruido.train.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A tarball as {@code npm pack} writes it. */
record NpmPackage(Path tarball) {
    NpmPackage {
        if (!Files.isReadable(tarball)) {
            throw new IllegalArgumentException(tarball + ": tarball not found");
        }
    }

    interface EntryReader {
        void read(String name, byte[] bytes) throws IOException;
    }

    /** @throws IOException naming the tarball, if it is none */
    void forEachEntry(String suffix, EntryReader reader) throws IOException {
        try (var file = new BufferedInputStream(Files.newInputStream(tarball));
                var tar = new TarArchiveInputStream(new GZIPInputStream(file))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (entry.isFile() && entry.getName().endsWith("." + suffix)) {
                    reader.read(entry.getName(), tar.readAllBytes());
                }
            }
        } catch (ZipException e) {
            throw new IOException(tarball + ": not a tarball of npm pack: " + e.getMessage(), e);
        }
    }

    /** @throws IOException naming the tarball and the entry, if there is none of that name */
    JsonNode json(String wanted) throws IOException {
        JsonNode[] found = new JsonNode[1];
        forEachEntry("json", (name, bytes) -> {
            if (name.equals(wanted)) {
                found[0] = new JsonMapper().readTree(bytes);
            }
        });
        if (found[0] == null) {
            throw new IOException(tarball + ": has no " + wanted);
        }
        return found[0];
    }
}
