package io.ruido.worker.models;

import io.ruido.config.RuidoConfig;
import io.ruido.job.SamplingParams;
import io.ruido.job.prompting.AddOn;
import io.ruido.job.prompting.LoraUse;
import io.ruido.worker.models.LoadedLoras.Use;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The LoRA files that jobs can name, those of {@code ruido.worker.loras}. */
public final class LoraLibrary {
    private static final String SETTING = "ruido.worker.loras";

    private final AddOnFiles files;

    private LoraLibrary(AddOnFiles files) {
        this.files = files;
    }

    public static LoraLibrary open(RuidoConfig config) throws IOException {
        return new LoraLibrary(AddOnFiles.of(config, SETTING, config.worker().loras()));
    }

    /** All files that are known at present, by name. Does not wait for a server. */
    public List<AddOn> list() {
        return files.list();
    }

    /**
     * The files that a job names, on this machine.
     *
     * @throws IllegalArgumentException naming one that is not there
     * @throws IOException when one cannot be fetched at present
     */
    public List<Use> uses(SamplingParams params) throws IOException {
        List<Use> uses = new ArrayList<>();
        for (LoraUse lora : params.prompting().loras()) {
            uses.add(use(lora));
        }
        return uses;
    }

    private Use use(LoraUse lora) throws IOException {
        AddOnFiles.Local local = files.find(lora.name())
                .orElseThrow(() -> new IllegalArgumentException(
                        "loras: this worker has no %s in %s".formatted(lora.name(), SETTING)));
        return new Use(lora.name(), local.file(), local.version(), lora.weight(), lora.weightOfText());
    }

    /**
     * The LoRAs that a job names, read for a model.
     *
     * @throws IllegalArgumentException naming one that is not there, cannot be read or does not fit the model
     * @throws IOException when one cannot be fetched at present
     */
    public LoadedLoras.Held hold(Model model, SamplingParams params) throws IOException {
        return model.loras().hold(uses(params));
    }
}
