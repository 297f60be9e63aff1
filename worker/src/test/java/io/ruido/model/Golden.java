package io.ruido.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.ruido.nn.SafeTensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;

/** Tensors that the reference implementation computed, see {@code make_goldens.py}. */
public record Golden(Path folder, Map<String, NDArray> tensors) {
    public static Golden of(String name, NDManager manager) throws IOException {
        try {
            Path folder = Path.of(Golden.class.getResource("/golden/" + name).toURI());
            return new Golden(
                    folder, SafeTensors.read(folder.resolve("golden.safetensors"), manager, DataType.FLOAT32));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public NDArray get(String name) {
        return tensors.get(name);
    }

    /** Differences are measured against the golden's greatest magnitude; some gradients are zero but for rounding. */
    public void assertClose(String name, NDArray actual) {
        NDArray expected = get(name);
        assertThat(actual.getShape()).as(name).isEqualTo(expected.getShape());
        double scale = Math.max(1e-3, expected.abs().max().getFloat());
        double error = expected.sub(actual).abs().max().getFloat();
        assertThat(error / scale).as("relative error of %s", name).isLessThan(1e-4);
    }
}
