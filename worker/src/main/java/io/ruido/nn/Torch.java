package io.ruido.nn;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** The PyTorch engine of this process. */
public final class Torch {
    /** In the order INFO, WARNING, ERROR, FATAL. */
    private static final int ERROR = 2;

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
