package io.ruido.pipeline;

import ai.djl.ndarray.NDManager;
import io.ruido.diffusion.samplers.SamplerName;
import io.ruido.diffusion.schedules.SchedulerConfig;
import io.ruido.model.Network;
import io.ruido.pipeline.family.ModelFolder;
import io.ruido.pipeline.text.Tokenizer;
import io.ruido.tensor.SafeTensors;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The contents of a model's folder and whether Ruido can run it, determined without reading weights.
 *
 * @param problem why the pipeline is not supported, or empty
 */
public record FolderReport(String pipeline, Optional<String> problem, List<Part> parts) {
    /**
     * @param types types of its tensors, as named in the files; empty for a part without weights
     * @param bytes size of its tensors
     * @param problem why it is not supported, or empty
     * @param warnings settings without effect
     */
    public record Part(
            String name,
            String className,
            long parameters,
            Set<String> types,
            long bytes,
            Optional<String> problem,
            List<String> warnings) {}

    private static final int LONGEST = 512;

    /**
     * Parts of diffusers' pipelines that check finished images or encode images as prompts, which Ruido does not use.
     */
    private static final Set<String> UNUSED =
            Set.of("safety_checker", "feature_extractor", "image_encoder", "image_processor");

    /**
     * Inspects a folder.
     *
     * @throws IOException when it is not a model's folder
     */
    public static FolderReport of(Path path) throws IOException {
        ModelFolder folder = ModelFolder.read(path);
        List<Part> parts = new ArrayList<>();
        folder.parts().forEach((name, className) -> parts.add(part(folder, name, className)));
        return new FolderReport(folder.className(), problem(() -> ModelFamilies.of(folder)), parts);
    }

    public boolean supported() {
        return problem.isEmpty() && parts.stream().allMatch(part -> part.problem.isEmpty());
    }

    private static Part part(ModelFolder folder, String name, String className) {
        Path path = folder.folder(name);
        if (UNUSED.contains(name) && !ModelFamilies.reads(folder, name)) {
            return withoutWeights(name, className, () -> {});
        }
        if (name.equals("scheduler")) {
            return scheduler(folder, name, className);
        }
        if (name.startsWith("tokenizer")) {
            return withoutWeights(
                    name, className, () -> Tokenizer.read(path, LONGEST).close());
        }
        try {
            Collection<SafeTensors.Info> tensors = SafeTensors.list(path).values();
            return new Part(
                    name,
                    className,
                    tensors.stream().mapToLong(tensor -> tensor.shape().size()).sum(),
                    tensors.stream().map(SafeTensors.Info::dtype).collect(Collectors.toCollection(TreeSet::new)),
                    tensors.stream().mapToLong(SafeTensors.Info::bytes).sum(),
                    problem(() -> build(className, path)),
                    List.of());
        } catch (IOException e) {
            return withoutWeights(name, className, () -> {
                throw e;
            });
        }
    }

    private static Part scheduler(ModelFolder folder, String name, String className) {
        List<String> warnings = new ArrayList<>();
        Optional<String> problem = problem(() -> {
            SchedulerConfig config = folder.scheduler();
            SamplerName.defaultFor(config).sampler(config);
            config.ignored().forEach(setting -> warnings.add("setting " + setting + " is unknown and has no effect"));
        });
        return new Part(name, className, 0, Set.of(), 0, problem, warnings);
    }

    private static Part withoutWeights(String name, String className, Action check) {
        return new Part(name, className, 0, Set.of(), 0, problem(check), List.of());
    }

    private static void build(String className, Path path) throws IOException {
        Network<?> network = ModelFamilies.network(className);
        try (NDManager manager = Torch.newManager()) {
            network.read(path, Weights.shapes(path, manager));
        }
    }

    @FunctionalInterface
    private interface Action {
        void run() throws IOException;
    }

    private static Optional<String> problem(Action check) {
        try {
            check.run();
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }
}
