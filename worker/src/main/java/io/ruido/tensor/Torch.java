package io.ruido.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The PyTorch engine of this process. */
public final class Torch {
    /** The number of ERROR among INFO, WARNING, ERROR, FATAL. */
    private static final int ERROR = 2;

    /** setenv's last argument that leaves an existing variable unchanged. */
    private static final int KEEP_EXISTING = 0;

    private static final Pattern DEVICE = Pattern.compile("cpu|cuda(?::(\\d{1,3}))?");

    static {
        // DJL would report its start to its makers.
        System.setProperty("OPT_OUT_TRACKING", "true");
        letThreadsSleep();
        Engine.getEngine("PyTorch");
        logErrorsOnly();
        // Torch would start a thread for each core of the host; the JVM knows the cgroup's quota.
        setThreads(Runtime.getRuntime().availableProcessors());
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
                    + " must name a folder with libtorch for CUDA, and the GPU driver must be installed");
        }
        return Device.gpu(parts.group(1) == null ? 0 : Integer.parseInt(parts.group(1)));
    }

    /** A type by torch's name for it, such as {@code float16}. */
    public static DataType type(String name) {
        return DataType.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /**
     * Sets how many threads one operation may use on the CPU, for the whole process. The default is one for each
     * processor that the JVM sees, which follows a container's CPU quota.
     */
    public static void setThreads(int threads) {
        engine();
        JniUtils.setNumThreads(threads);
    }

    /** Returns how many threads one operation may use on the CPU. */
    public static int threads() {
        return JniUtils.getNumThreads();
    }

    /**
     * A tensor of these values, in memory that torch allocated. DJL's own method keeps the values in the JVM's memory,
     * whose alignment differs from run to run, and with it the order in which some kernels sum.
     */
    public static NDArray tensor(NDManager manager, float[] values, Shape shape) {
        try (NDArray unaligned = manager.create(values, shape)) {
            return unaligned.duplicate();
        }
    }

    static Engine engine() {
        return Engine.getEngine("PyTorch");
    }

    /**
     * Lets OpenMP's threads sleep while they wait for each other, unless the environment names another policy. By
     * default they spin, and on a processor that is shared with anything they then wait for threads that they keep from
     * running. libgomp reads the variable when it is loaded, so it has to be set before.
     */
    @SuppressWarnings("restricted") // calls setenv
    private static void letThreadsSleep() {
        Linker linker = Linker.nativeLinker();
        MethodHandle setenv = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("setenv"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) setenv.invokeExact(
                    arena.allocateFrom("OMP_WAIT_POLICY"), arena.allocateFrom("PASSIVE"), KEEP_EXISTING);
        } catch (Throwable e) {
            throw new IllegalStateException("OMP_WAIT_POLICY cannot be set: " + e.getMessage(), e);
        }
    }

    /** DJL's use of libtorch sets off deprecation warnings that no user of Ruido can act on. */
    @SuppressWarnings("restricted") // writes one int, where libtorch keeps its log level
    private static void logErrorsOnly() {
        SymbolLookup.loaderLookup().find("FLAGS_caffe2_log_level").ifPresent(level -> level.reinterpret(Integer.BYTES)
                .set(ValueLayout.JAVA_INT, 0, ERROR));
    }
}
