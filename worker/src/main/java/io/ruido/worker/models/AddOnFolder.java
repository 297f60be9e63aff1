package io.ruido.worker.models;

import io.ruido.job.prompting.AddOn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files in a folder, which is read each time. */
final class AddOnFolder implements AddOnFiles {
    private static final Logger log = LoggerFactory.getLogger(AddOnFolder.class);

    private final String setting;
    private final Path folder;

    AddOnFolder(String setting, Path folder) {
        this.setting = setting;
        this.folder = folder.toAbsolutePath().normalize();
    }

    @Override
    public List<AddOn> list() {
        List<AddOn> cards = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(SUFFIX) && Files.isRegularFile(file)) {
                    cards.add(new AddOn(name.substring(0, name.length() - SUFFIX.length()), Files.size(file)));
                }
            }
        } catch (IOException e) {
            log.warn("{}: cannot list {}: {}", setting, folder, e.toString());
        }
        cards.sort(Comparator.comparing(AddOn::name));
        return cards;
    }

    @Override
    public Optional<Local> find(String name) {
        Path file = folder.resolve(name + SUFFIX).normalize();
        if (!folder.equals(file.getParent()) || !Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            String version =
                    Files.size(file) + "-" + Files.getLastModifiedTime(file).toMillis();
            return Optional.of(new Local(file, version));
        } catch (IOException e) {
            throw new IllegalStateException("%s: cannot read %s: %s".formatted(setting, file, e), e);
        }
    }
}
