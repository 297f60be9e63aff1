package io.ruido.gateway.connections;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many connections a gateway accepts: as many as its process has file descriptors and memory for. */
public final class ConnectionLimit {
    /**
     * File descriptors for all but connections. A process with all servers and a worker takes about 500. Closed
     * connections keep theirs until the next select of their event loop, which comes after at most 256 of them.
     */
    private static final int OTHER_FILES = 1_024;

    /** Twice what a WebSocket takes that watches a job. */
    private static final int HEAP_BYTES = 32 * 1024;

    private ConnectionLimit() {}

    /** The limit for this process. */
    public static int ofProcess() {
        long maxFiles = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
        return of(maxFiles, Runtime.getRuntime().maxMemory());
    }

    /**
     * The limit for a process.
     *
     * @param maxFiles number of file descriptors that it may have open
     * @param maxHeap bytes of its heap
     */
    static int of(long maxFiles, long maxHeap) {
        // A quarter is left for connections that are being closed, and for those to servers and receivers of webhooks.
        long byFiles = Math.max(maxFiles - OTHER_FILES, maxFiles / 8) / 4 * 3;
        return Math.clamp(byFiles, 1, Math.clamp(maxHeap / HEAP_BYTES, 1, Integer.MAX_VALUE));
    }
}
