package io.ruido.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.ruido.tensor.Ops;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What layers keep of a clip's frames between its pieces. One for each clip that goes through a network; its size does not
 * depend on the clip's length. Not thread-safe.
 */
public final class FrameCache implements AutoCloseable {
    private final NDManager manager;
    private final Map<Object, NDArray> frames = new IdentityHashMap<>();
    private final Set<Object> entered = Collections.newSetFromMap(new IdentityHashMap<>());

    public FrameCache(NDManager parent) {
        manager = parent.newSubManager();
    }

    /** Whether a layer was asked this before, for an earlier piece of the clip. */
    public boolean entered(Object layer) {
        return !entered.add(layer);
    }

    /** What a layer has kept; empty for the first piece. */
    NDArray frames(Object layer) {
        return frames.getOrDefault(layer, Ops.none());
    }

    void put(Object layer, NDArray kept) {
        kept.attach(manager);
        NDArray old = frames.put(layer, kept);
        if (old != null) {
            old.close();
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
