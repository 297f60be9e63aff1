package io.ruido.tensor;

import ai.djl.ndarray.NDManager;
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

/** Loads TorchScript source, from an archive that is assembled in memory as {@code torch.jit.save} writes it. */
public final class Script {
    private Script() {}

    /**
     * Loads one class without parameters.
     *
     * @param name name of the class
     * @param source its code, closed by this call
     */
    public static PtSymbolBlock load(NDManager manager, String name, InputStream source) {
        try (source) {
            var archive = new ByteArrayOutputStream();
            try (var zip = new ZipOutputStream(archive)) {
                // pickle, protocol 2, of an instance with training = False
                String instance = "\u0080\u0002c__torch__\n" + name + "\n)\u0081}(X\u0008\0\0\0training\u0089ub.";
                store(zip, "data.pkl", latin1(instance));
                store(zip, "code/__torch__.py", source.readAllBytes());
                store(zip, "constants.pkl", latin1("\u0080\u0002)."));
                store(zip, "version", latin1("10\n"));
            }
            var bytes = new ByteArrayInputStream(archive.toByteArray());
            return JniUtils.loadModule((PtNDManager) manager, bytes, false, false);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the script " + name, e);
        }
    }

    /** TorchScript reads entries that are stored, not deflated. */
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
