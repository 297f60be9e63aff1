package io.ruido.diffusion.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.diffusion.GoldenFile;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BrownianPathTest {
    @Test
    void takesThePathOfTorchsde() throws IOException {
        for (JsonNode golden : GoldenFile.cases("brownian")) {
            var path = new BrownianPath(
                    golden.get("seed").asLong(),
                    golden.get("start").asDouble(),
                    golden.get("end").asDouble());
            int size = golden.get("size").asInt();
            float[] times = GoldenFile.floats(golden.get("times"));
            float[] expected = GoldenFile.floats(golden.get("values"));
            for (int pair = 0; 2 * pair < times.length; pair++) {
                float[] increment = path.increment(times[2 * pair], times[2 * pair + 1], size);
                for (int i = 0; i < size; i++) {
                    assertThat(increment[i])
                            .as("%s from %s to %s, place %d", path, times[2 * pair], times[2 * pair + 1], i)
                            .isCloseTo(expected[pair * size + i], within(2e-6f * Math.max(1, Math.abs(increment[i]))));
                }
            }
        }
    }

    @Test
    void incrementsAddUp() {
        var path = new BrownianPath(42, 0, 10);
        float[] whole = path.increment(1, 9, 5);
        float[] first = path.increment(1, 3, 5);
        float[] second = path.increment(3, 9, 5);

        for (int i = 0; i < whole.length; i++) {
            double sum = first[i] * Math.sqrt(2) + second[i] * Math.sqrt(6);
            assertThat(whole[i] * Math.sqrt(8)).isCloseTo(sum, within(1e-5));
        }
    }
}
