package io.ruido.train;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Loads TorchScript source as libtorch stores it: a zip of uncompressed entries. */
final class Script {
    private Script() {}

    /** Loads a class without parameters. */
    static PtSymbolBlock load(PtNDManager manager, String name, InputStream source) {
        try (source) {
            var archive = new ByteArrayOutputStream();
            try (var zip = new ZipOutputStream(archive)) {
                // name() with training = False, as torch.jit.save pickles it (protocol 2)
                store(
                        zip,
                        "data.pkl",
                        latin1("\u0080\u0002c__torch__\n" + name + "\n)\u0081}(X\u0008\0\0\0training\u0089ub."));
                store(zip, "code/__torch__.py", source.readAllBytes());
                store(zip, "constants.pkl", latin1("\u0080\u0002)."));
                store(zip, "version", latin1("3\n"));
            }
            return JniUtils.loadModule(manager, new ByteArrayInputStream(archive.toByteArray()), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the script " + name, e);
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        var entry = new ZipEntry("script/" + name);
        var crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
