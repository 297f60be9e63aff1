package io.ruido.diffusion.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.diffusion.GoldenFile;
import io.ruido.diffusion.noise.TorchRandom.Precision;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TorchRandomTest {
    @Test
    void drawsTheNumbersOfTorch() throws IOException {
        for (JsonNode golden : GoldenFile.cases("random")) {
            var precision = Precision.valueOf(golden.get("dtype").asText().toUpperCase(Locale.ROOT));
            var random = new TorchRandom(golden.get("seed").asLong(), precision);
            float[] expected = GoldenFile.floats(golden.get("values"));
            int at = 0;
            for (JsonNode size : golden.get("sizes")) {
                for (float value : random.randn(size.asInt())) {
                    // torch's vectorised logarithm and sine differ in the last bit, which a short float rounds off
                    double tolerance = precision == Precision.FLOAT32 ? 1e-6 : 0;
                    assertThat((double) value)
                            .as("%s of seed %s, place %d", precision, golden.get("seed"), at)
                            .isCloseTo(expected[at++], within(tolerance));
                }
            }
        }
    }

    @Test
    void continuesWhereItWasSaved() {
        for (int drawn : new int[] {0, 1, 5, 16, 1000}) {
            var random = new TorchRandom(7, Precision.FLOAT16);
            random.randn(drawn);
            var restored = TorchRandom.restore(random.save());
            assertThat(restored.randn(3)).isEqualTo(random.randn(3));
            assertThat(restored.randn(700)).isEqualTo(random.randn(700));
        }
    }
}
