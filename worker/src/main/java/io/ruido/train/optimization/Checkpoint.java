package io.ruido.train.optimization;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The state of a run after some steps: weights, their average and the optimizer's moments. All random draws follow from
 * seed and step, so the step number is the state of the random generators too.
 */
public record Checkpoint(Path folder, State state) {
    static final String WEIGHTS = "weights";
    static final String AVERAGES = "averages";
    static final String EXP_AVG = "exp_avg";
    static final String EXP_AVG_SQ = "exp_avg_sq";

    private static final String PREFIX = "checkpoint-";
    private static final int KEPT = 2;
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * The position of a run.
     *
     * @param step number of finished steps
     * @param seconds spent on them
     */
    record State(int step, double seconds) {}

    /** The newest checkpoint of a run. */
    static Optional<Checkpoint> latest(Path run) throws IOException {
        List<Path> all = all(run);
        return all.isEmpty() ? Optional.empty() : Optional.of(open(all.getLast()));
    }

    private static Checkpoint open(Path folder) throws IOException {
        return new Checkpoint(
                folder, JSON.readValue(folder.resolve("state.json").toFile(), State.class));
    }

    /** Writes all parts beside their place and moves them there in one step; then removes the oldest checkpoints. */
    static Checkpoint write(Path run, State state, Map<String, Map<String, NDArray>> parts) throws IOException {
        Path folder = run.resolve(PREFIX + "%08d".formatted(state.step()));
        Path unfinished = run.resolve("unfinished-checkpoint");
        delete(unfinished);
        Files.createDirectories(unfinished);
        for (var part : parts.entrySet()) {
            Path file = unfinished.resolve(part.getKey() + ".safetensors");
            SafeTensors.write(file, part.getValue(), DataType.FLOAT32);
        }
        Files.write(unfinished.resolve("state.json"), JSON.writeValueAsBytes(state));
        delete(folder);
        Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
        List<Path> all = all(run);
        for (Path old : all.subList(0, Math.max(0, all.size() - KEPT))) {
            delete(old);
        }
        return new Checkpoint(folder, state);
    }

    /** Overwrites all parts with what the checkpoint holds. */
    void copyTo(Map<String, Map<String, NDArray>> parts) throws IOException {
        for (var part : parts.entrySet()) {
            copy(folder.resolve(part.getKey() + ".safetensors"), part.getValue());
        }
    }

    /**
     * Overwrites tensors with those of a file.
     *
     * @throws IOException when the file's tensors have other names or shapes
     */
    static void copy(Path file, Map<String, NDArray> tensors) throws IOException {
        try (NDManager scratch = Torch.newManager()) {
            Map<String, NDArray> saved = SafeTensors.read(file, scratch, DataType.FLOAT32);
            if (!shapes(saved).equals(shapes(tensors))) {
                throw new IOException(file + ": comes from another model than the recipe's");
            }
            tensors.forEach((name, tensor) -> saved.get(name).copyTo(tensor));
        }
    }

    private static Map<String, Shape> shapes(Map<String, NDArray> tensors) {
        return tensors.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue()
                .getShape()));
    }

    private static List<Path> all(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(f -> f.getFileName().toString().startsWith(PREFIX))
                    .sorted()
                    .toList();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
