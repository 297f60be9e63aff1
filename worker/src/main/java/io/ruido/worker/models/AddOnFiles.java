package io.ruido.worker.models;

import io.ruido.config.RuidoConfig;
import io.ruido.job.prompting.AddOn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Files that can be added to models, in a folder or bucket: LoRAs or embeddings. */
interface AddOnFiles {
    /** The ending of the files' names. */
    String SUFFIX = ".safetensors";

    /** No files. */
    AddOnFiles NONE = new AddOnFiles() {
        @Override
        public List<AddOn> list() {
            return List.of();
        }

        @Override
        public List<AddOn> awaitList() {
            return List.of();
        }

        @Override
        public Optional<Local> find(String name) {
            return Optional.empty();
        }
    };

    /**
     * A file on this machine.
     *
     * @param version changes when the file does
     */
    record Local(Path file, String version) {}

    /**
     * The files of a setting.
     *
     * @param setting its name, for messages
     * @param place its value
     */
    static AddOnFiles of(RuidoConfig config, String setting, Optional<String> place) throws IOException {
        if (place.isEmpty()) {
            return NONE;
        }
        return place.get().startsWith("s3://")
                ? AddOnBucket.open(config, setting, place.get())
                : new AddOnFolder(setting, Path.of(place.get()));
    }

    /** All files that are known at present, by name. Does not wait for a server. */
    List<AddOn> list();

    /**
     * All files, by name.
     *
     * @throws IOException when they are not known and the server is unavailable
     */
    List<AddOn> awaitList() throws IOException;

    /**
     * Finds a file by its name without ending, and fetches it if it is not on this machine.
     *
     * @return empty when there is none
     * @throws IOException when that cannot be said, or the file cannot be read, at present
     */
    Optional<Local> find(String name) throws IOException;
}
