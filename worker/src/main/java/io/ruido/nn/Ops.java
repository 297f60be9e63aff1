package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The operations of {@code ops.py}, a TorchScript module that is assembled in memory. They work with gradients as without:
 * a result carries a gradient when one of its arguments does and the thread's gradient mode is on.
 */
public final class Ops {
    /** {@code __torch__.Ops()} with {@code training = False}, as {@code torch.jit.save} pickles it (protocol 2). */
    private static final byte[] DATA = bytes("\u0080\u0002c__torch__\nOps\n)\u0081}(X\u0008\0\0\0training\u0089ub.");

    private static final byte[] NO_CONSTANTS = bytes("\u0080\u0002).");

    private static final PtNDManager MANAGER = (PtNDManager) NDManager.newBaseManager("PyTorch");
    private static final PtSymbolBlock MODULE = load();
    private static final Map<String, NDArray> METHODS = Arrays.stream(JniUtils.getMethodNames(MODULE))
            .collect(Collectors.toUnmodifiableMap(Function.identity(), Ops::methodTag));
    private static final NDArray NONE = MANAGER.create(new Shape(0));

    private Ops() {}

    /**
     * Runs one operation.
     *
     * @param method its name in {@code ops.py}
     * @param arrays its arguments; the result belongs to the manager of the first, so weights come last
     */
    public static NDArray call(String method, NDArray... arrays) {
        // Optimizing would trace and compile each method anew for every input shape; the switch is thread local.
        JniUtils.setGraphExecutorOptimize(false);
        var arguments = new NDList(arrays.length + 1);
        arguments.addAll(Arrays.asList(arrays));
        arguments.add(METHODS.get(method));
        return IValueUtils.forward(MODULE, arguments, true).head();
    }

    /** The argument that stands for an absent tensor. */
    public static NDArray none() {
        return NONE;
    }

    private static NDArray methodTag(String method) {
        NDArray tag = MANAGER.create(0);
        tag.setName("module_method:" + method);
        return tag;
    }

    private static PtSymbolBlock load() {
        try (InputStream code = Ops.class.getResourceAsStream("ops.py")) {
            var archive = new ByteArrayOutputStream();
            try (var zip = new ZipOutputStream(archive)) {
                store(zip, "data.pkl", DATA);
                store(zip, "code/__torch__.py", code.readAllBytes());
                store(zip, "constants.pkl", NO_CONSTANTS);
                store(zip, "version", bytes("3\n"));
            }
            return JniUtils.loadModule(MANAGER, new ByteArrayInputStream(archive.toByteArray()), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read ops.py", e);
        }
    }

    /** TorchScript reads entries that are stored, not deflated. */
    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        var entry = new ZipEntry("ops/" + name);
        var crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
