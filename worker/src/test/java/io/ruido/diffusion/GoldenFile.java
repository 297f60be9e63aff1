package io.ruido.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ruido.model.Golden;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** What the reference implementation computed, one case a line, see {@code make_sampler_goldens.py}. */
public final class GoldenFile {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(com.fasterxml.jackson.core.json.JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private GoldenFile() {}

    public static List<JsonNode> cases(String name) throws IOException {
        List<JsonNode> cases = new ArrayList<>();
        for (String line : Files.readAllLines(Golden.path("diffusion/" + name + ".jsonl"))) {
            cases.add(JSON.readTree(line));
        }
        return cases;
    }

    public static float[] floats(JsonNode base64) {
        var buffer = ByteBuffer.wrap(Base64.getDecoder().decode(base64.asText()))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        float[] floats = new float[buffer.remaining()];
        buffer.get(floats);
        return floats;
    }
}
