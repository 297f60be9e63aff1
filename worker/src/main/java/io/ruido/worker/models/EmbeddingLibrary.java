package io.ruido.worker.models;

import io.ruido.config.RuidoConfig;
import io.ruido.job.Job;
import io.ruido.job.prompting.AddOn;
import io.ruido.job.prompting.PromptSyntax;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The embeddings that prompts of {@link PromptSyntax#A1111} can name, those of {@code ruido.worker.embeddings}. */
public final class EmbeddingLibrary {
    private final AddOnFiles files;

    private EmbeddingLibrary(AddOnFiles files) {
        this.files = files;
    }

    public static EmbeddingLibrary open(RuidoConfig config) throws IOException {
        return new EmbeddingLibrary(
                AddOnFiles.of(config, "ruido.worker.embeddings", config.worker().embeddings()));
    }

    /** All files that are known at present, by name. Does not wait for a server. */
    public List<AddOn> list() {
        return files.list();
    }

    /**
     * An embedding that a prompt names.
     *
     * @param version changes when the file does
     */
    public record Use(String name, Path file, String version) {}

    /**
     * The embeddings whose names are in a job's prompts.
     *
     * @throws IOException when they are not known, or one cannot be fetched, at present
     */
    public List<Use> uses(Job job) throws IOException {
        if (job.params().prompting().syntax() == PromptSyntax.PLAIN) {
            return List.of();
        }
        List<Use> uses = new ArrayList<>();
        for (AddOn file : files.awaitList()) {
            String name = file.name();
            if (job.prompt().contains(name) || job.negativePrompt().contains(name)) {
                files.find(name).ifPresent(local -> uses.add(new Use(name, local.file(), local.version())));
            }
        }
        return uses;
    }
}
