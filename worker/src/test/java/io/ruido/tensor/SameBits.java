package io.ruido.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Offset;

/** Whether rows of a batch are what they are alone. */
public final class SameBits {
    /** Without AVX-512, oneDNN's kernels for packed matrices sum in an order that depends on the number of rows. */
    private static final Offset<Float> LAST_DIGITS = Offset.offset(1e-5f);

    private SameBits() {}

    /** Asserts that torch gave the same bits, or the same numbers but for the last digits where there is no AVX-512. */
    public static void assertByTorch(NDArray found, NDArray expected) throws IOException {
        if (hasAvx512()) {
            assertThat(found.toFloatArray()).isEqualTo(expected.toFloatArray());
        } else {
            assertThat(found.toFloatArray()).containsExactly(expected.toFloatArray(), LAST_DIGITS);
        }
    }

    private static boolean hasAvx512() throws IOException {
        Path processors = Path.of("/proc/cpuinfo");
        return Files.exists(processors) && Files.readString(processors).contains("avx512f");
    }
}
