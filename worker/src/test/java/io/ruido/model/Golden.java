package io.ruido.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import io.ruido.tensor.Ops;
import io.ruido.tensor.SafeTensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * Tensors that the reference implementation computed, see {@code make_goldens.py}. With {@code -Druido.goldens=FOLDER} they
 * come from a folder that {@code fuzz.py} wrote.
 */
public record Golden(Path folder, Map<String, NDArray> tensors) {
    private static final String DRAWN = System.getProperty("ruido.goldens");

    public static Golden of(String name, NDManager manager) throws IOException {
        Path folder = path("golden/" + name);
        return new Golden(folder, SafeTensors.read(folder.resolve("golden.safetensors"), manager, DataType.FLOAT32));
    }

    /** Whether they come from such a folder. */
    public static boolean drawn() {
        return DRAWN != null;
    }

    /** A file or folder of goldens. */
    public static Path path(String name) {
        try {
            return drawn()
                    ? Path.of(DRAWN).resolve(name)
                    : Path.of(Golden.class.getResource("/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Copies all files of a folder, over those that are there. */
    public static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Names of the folders in one of goldens. */
    public static List<String> names(String folder) throws IOException {
        try (Stream<Path> folders = Files.list(path(folder))) {
            return folders.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    /**
     * What a golden is of. Configurations that were drawn may be refused, which is told as skipped, if the refusal names the
     * setting.
     */
    public static <T> T build(Callable<T> model) {
        try {
            return model.call();
        } catch (IllegalArgumentException e) {
            if (drawn() && e.getMessage().contains("setting ")) {
                throw new TestAbortedException("refused: " + e.getMessage());
            }
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    public NDArray get(String name) {
        return tensors.get(name);
    }

    /** What the denoiser with this config.json was told. */
    public Conditioning conditioning(JsonNode config) {
        boolean ids = config.path("num_class_embeds").isInt() || config.has("num_embeds_ada_norm");
        NDArray labels = part("labels");
        return new Conditioning(
                part("states"),
                part("mask"),
                part("pooled"),
                part("sizes"),
                ids && !labels.isEmpty() ? labels.toType(DataType.INT64, false) : labels,
                part("guidance"),
                Ops.none(),
                Ops.none());
    }

    /** One tensor, or none where there is no such. */
    public NDArray part(String name) {
        return tensors.getOrDefault(name, Ops.none());
    }

    /** Differences are measured against the golden's greatest magnitude, at least 0.01: some gradients are zero but for rounding. */
    public void assertClose(String name, NDArray actual) {
        assertClose(name, actual, 1e-4);
    }

    public void assertClose(String name, NDArray actual, double most) {
        NDArray expected = get(name);
        assertThat(actual.getShape()).as(name).isEqualTo(expected.getShape());
        double scale = Math.max(1e-2, expected.abs().max().getFloat());
        double error = expected.sub(actual).abs().max().getFloat();
        assertThat(error / scale).as("relative error of %s", name).isLessThan(most);
    }
}
