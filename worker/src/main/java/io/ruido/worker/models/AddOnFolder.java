package io.ruido.worker.models;

import io.ruido.job.prompting.AddOn;
import io.ruido.telemetry.Outage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Files in a folder, which is read each time. */
final class AddOnFolder implements AddOnFiles {
    private final Outage outage;
    private final Path folder;

    AddOnFolder(String setting, Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
        this.outage = new Outage("%s: %s".formatted(setting, this.folder));
    }

    @Override
    public List<AddOn> list() {
        List<AddOn> cards = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                card(file).ifPresent(cards::add);
            }
            outage.answered();
        } catch (IOException e) {
            outage.failed(e);
        }
        cards.sort(Comparator.comparing(AddOn::name));
        return cards;
    }

    /** Empty for files of other kinds, and for a file that is deleted meanwhile. */
    private static Optional<AddOn> card(Path file) throws IOException {
        String name = file.getFileName().toString();
        if (!name.endsWith(SUFFIX) || !Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new AddOn(name.substring(0, name.length() - SUFFIX.length()), Files.size(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public List<AddOn> awaitList() {
        return list();
    }

    @Override
    public Optional<Local> find(String name) throws IOException {
        Path file = folder.resolve(name + SUFFIX).normalize();
        if (!folder.equals(file.getParent()) || !Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            String version =
                    Files.size(file) + "-" + Files.getLastModifiedTime(file).toMillis();
            return Optional.of(new Local(file, version));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
