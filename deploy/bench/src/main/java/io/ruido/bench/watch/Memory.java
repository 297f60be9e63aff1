package io.ruido.bench.watch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The memory of this process in KiB.
 *
 * @param heap heap in use, without garbage
 * @param resident resident memory of the process, with garbage
 * @param sockets memory of the kernel for TCP, of all processes
 */
record Memory(long heap, long resident, long sockets) {
    private static final int PAGE = 4;

    static Memory now() throws IOException {
        System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024;
        return new Memory(
                heap,
                number("/proc/self/status", "VmRSS:\\s+(\\d+) kB"),
                PAGE * number("/proc/net/sockstat", "TCP: .* mem (\\d+)"));
    }

    Memory minus(Memory other) {
        return new Memory(heap - other.heap, resident - other.resident, sockets - other.sockets);
    }

    private static long number(String file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(Path.of(file)))
                .results()
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .findFirst()
                .orElse(0);
    }
}
