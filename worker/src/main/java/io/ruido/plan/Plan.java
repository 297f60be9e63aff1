package io.ruido.plan;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.ruido.tensor.Torch;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** A graph that ONNX Runtime executes. Its weights must live as long as it does. */
final class Plan implements AutoCloseable {
    static final String RESULT = "out";

    private static final OrtEnvironment ENVIRONMENT =
            OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);

    /** The variable that decides for torch's threads, too, see {@link Torch}. */
    private static final boolean SPINS = "ACTIVE".equalsIgnoreCase(System.getenv("OMP_WAIT_POLICY"));

    /** True while the JVM exits. ONNX Runtime's own shutdown hook ends it then, and a call would crash the process. */
    private static volatile boolean exiting;

    static {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> exiting = true));
    }

    private final OrtSession session;

    private Plan(OrtSession session) {
        this.session = session;
    }

    /**
     * Compiles a graph.
     *
     * @param weights by their names in the graph
     * @throws UnsupportedOperationException with ONNX Runtime's reason, when it cannot
     */
    static Plan of(byte[] graph, Map<String, NDArray> weights) {
        Map<String, OnnxTensorLike> tensors = new HashMap<>();
        try (var options = new OrtSession.SessionOptions()) {
            for (var weight : weights.entrySet()) {
                tensors.put(weight.getKey(), tensor(weight.getValue()));
            }
            if (!tensors.isEmpty()) {
                options.addExternalInitializers(tensors);
            }
            options.setIntraOpNumThreads(Torch.threads());
            options.addConfigEntry("session.intra_op.allow_spinning", SPINS ? "1" : "0");
            // In its arena they would lie in blocks that are rounded up to powers of two.
            options.addConfigEntry("session.use_device_allocator_for_initializers", "1");
            return new Plan(ENVIRONMENT.createSession(graph, options));
        } catch (OrtException e) {
            throw new UnsupportedOperationException("ONNX Runtime cannot compile it: " + e.getMessage(), e);
        } finally {
            tensors.values().forEach(OnnxTensorLike::close);
        }
    }

    /** Returns a tensor in the memory of an array. */
    private static OnnxTensor tensor(NDArray array) throws OrtException {
        return OnnxTensor.createTensor(
                ENVIRONMENT, array.toByteBuffer(true), array.getShape().getShape(), type(array.getDataType()));
    }

    private static OnnxJavaType type(DataType type) {
        return switch (type) {
            case FLOAT32 -> OnnxJavaType.FLOAT;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case INT64 -> OnnxJavaType.INT64;
            default -> throw new UnsupportedOperationException("a plan has no arrays of type " + type);
        };
    }

    /**
     * Executes it.
     *
     * @param manager owner of the result
     * @param shape shape of the result
     */
    NDArray run(NDManager manager, Map<String, NDArray> inputs, Shape shape) {
        awaitExit();
        NDArray result = manager.create(shape, DataType.FLOAT32);
        Map<String, OnnxTensor> tensors = new HashMap<>();
        try (OnnxTensor output = tensor(result)) {
            for (var input : inputs.entrySet()) {
                tensors.put(input.getKey(), tensor(input.getValue()));
            }
            session.run(tensors, Map.of(RESULT, output)).close();
            return result;
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot execute a plan: " + e.getMessage(), e);
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
    }

    /** Does not return while the JVM exits. */
    private static void awaitExit() {
        while (exiting) {
            LockSupport.park();
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot close a plan: " + e.getMessage(), e);
        }
    }
}
