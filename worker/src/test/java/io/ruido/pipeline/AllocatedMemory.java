package io.ruido.pipeline;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** What this process has from {@code malloc} and has not given back, tensors among it but not the Java heap. */
final class AllocatedMemory {
    /** struct mallinfo2: ten numbers, of which hblkhd has the bytes of large blocks and uordblks those of the others. */
    private static final MemoryLayout MALLINFO = MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG);

    private static final int HBLKHD = 4;
    private static final int UORDBLKS = 7;

    @SuppressWarnings("restricted") // a call that only reads
    private static final Optional<MethodHandle> CALL = Linker.nativeLinker()
            .defaultLookup()
            .find("mallinfo2")
            .map(function -> Linker.nativeLinker()
                    .downcallHandle(function, FunctionDescriptor.of(MemoryLayout.structLayout(MALLINFO))));

    private AllocatedMemory() {}

    static boolean isKnown() {
        return CALL.isPresent();
    }

    static long bytes() {
        try (Arena arena = Arena.ofConfined()) {
            var info = (MemorySegment) CALL.orElseThrow().invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(ValueLayout.JAVA_LONG, HBLKHD) + info.getAtIndex(ValueLayout.JAVA_LONG, UORDBLKS);
        } catch (Throwable e) {
            throw new IllegalStateException("mallinfo2 cannot be called", e);
        }
    }
}
