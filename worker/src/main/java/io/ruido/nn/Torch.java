package io.ruido.nn;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/** The PyTorch engine of this process. */
public final class Torch {
    static {
        // DJL would report its start to its makers.
        System.setProperty("OPT_OUT_TRACKING", "true");
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

    static Engine engine() {
        return Engine.getEngine("PyTorch");
    }
}
