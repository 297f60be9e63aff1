package io.ruido.nn;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The PyTorch engine of this process. */
public final class Torch {
    /** In the order INFO, WARNING, ERROR, FATAL. */
    private static final int ERROR = 2;

    private static final Pattern DEVICE = Pattern.compile("cpu|cuda(?::(\\d{1,3}))?");

    static {
        // DJL would report its start to its makers.
        System.setProperty("OPT_OUT_TRACKING", "true");
        Engine.getEngine("PyTorch");
        logErrorsOnly();
    }

    private Torch() {}

    /** A manager of its own for tensors on a device; it frees them when it is closed. */
    public static NDManager newManager(Device device) {
        return engine().newBaseManager(device);
    }

    public static NDManager newManager() {
        return newManager(Device.cpu());
    }

    /**
     * A device by its name: {@code cpu}, {@code cuda}, or {@code cuda:N}.
     *
     * @throws IllegalArgumentException when there is no such device, or this libtorch was built without CUDA
     */
    public static Device device(String name) {
        Matcher parts = DEVICE.matcher(name);
        if (!parts.matches()) {
            throw new IllegalArgumentException("device must be cpu, cuda or cuda:N, was " + name);
        }
        if (name.equals("cpu")) {
            return Device.cpu();
        }
        engine();
        if (!JniUtils.getFeatures().contains("CUDA")) {
            throw new IllegalArgumentException("device is " + name + ", but libtorch sees no GPU: PYTORCH_LIBRARY_PATH"
                    + " must name a folder with a libtorch for CUDA, and the driver must be there");
        }
        return Device.gpu(parts.group(1) == null ? 0 : Integer.parseInt(parts.group(1)));
    }

    /** A type by torch's name for it, such as {@code float16}. */
    public static DataType type(String name) {
        return DataType.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** How many threads one operation may use on the CPU; for the whole process. */
    public static void setThreads(int threads) {
        engine();
        JniUtils.setNumThreads(threads);
    }

    /**
     * A tensor of these values, in memory that torch allocated. DJL's own method keeps the values in the JVM's memory, whose
     * alignment differs from run to run, and with it the order in which some kernels sum.
     */
    public static NDArray tensor(NDManager manager, float[] values, Shape shape) {
        try (NDArray unaligned = manager.create(values, shape)) {
            return unaligned.duplicate();
        }
    }

    static Engine engine() {
        return Engine.getEngine("PyTorch");
    }

    /** DJL's use of libtorch sets off deprecation warnings that no user of Ruido can act on. */
    @SuppressWarnings("restricted") // writes one int, where libtorch keeps its log level
    private static void logErrorsOnly() {
        SymbolLookup.loaderLookup().find("FLAGS_caffe2_log_level").ifPresent(level -> level.reinterpret(Integer.BYTES)
                .set(ValueLayout.JAVA_INT, 0, ERROR));
    }
}
