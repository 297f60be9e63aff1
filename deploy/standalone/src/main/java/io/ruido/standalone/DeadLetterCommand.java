package io.ruido.standalone;

import io.ruido.config.RuidoConfig;
import io.ruido.kafka.DeadLetter;
import io.ruido.kafka.DeadLetters;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "dead-letter",
        mixinStandardHelpOptions = true,
        description = "Manages failed jobs of the Ruido running here, or at the addresses in the settings.",
        synopsisSubcommandLabel = "COMMAND")
final class DeadLetterCommand {
    private static final int SHORT = 100;

    @Spec
    private CommandSpec spec;

    @Command(mixinStandardHelpOptions = true, description = "Lists the failed jobs, oldest first.")
    int list(@Mixin SettingsOption settings) throws IOException {
        for (DeadLetter letter : DeadLetters.read(config(settings).kafka())) {
            out().printf("%-8s %s  job %s  %s%n", letter.id(), letter.at(), letter.jobId(), shortened(letter.error()));
        }
        return 0;
    }

    @Command(mixinStandardHelpOptions = true, description = "Shows a failed job with its original record.")
    int show(
            @Mixin SettingsOption settings,
            @Parameters(paramLabel = "ID", description = "An id from the list, such as 2-17.") String id)
            throws IOException {
        DeadLetter letter = find(config(settings), id);
        out().printf(
                        "id:     %s%ntime:   %s%njob:    %s%ntopic:  %s%nerror:  %s%nrecord: %s%n",
                        letter.id(), letter.at(), letter.jobId(), letter.topic(), letter.error(), letter.text());
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Submits the same work as a new job; the failed job does not change.")
    int replay(
            @Mixin SettingsOption settings,
            @Parameters(paramLabel = "ID", arity = "1..*", description = "An id from the list, such as 2-17.")
                    List<String> ids)
            throws IOException {
        RuidoConfig config = config(settings);
        try (Replay replay = new Replay(config)) {
            for (String id : ids) {
                DeadLetter letter = find(config, id);
                out().printf("%s: job %s is resubmitted as %s%n", id, letter.jobId(), replay.replay(letter));
            }
        }
        return 0;
    }

    private static DeadLetter find(RuidoConfig config, String id) {
        return DeadLetters.read(config.kafka()).stream()
                .filter(letter -> letter.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("id: there is no dead letter " + id));
    }

    private static RuidoConfig config(SettingsOption option) throws IOException {
        Settings settings = option.read();
        RuidoConfig config = settings.load();
        return config.kafka().bootstrapServers().isPresent()
                ? config
                : settings.with(Servers.running(config.dataDir())).load();
    }

    private static String shortened(String text) {
        String line = text.lines().findFirst().orElse("");
        return line.length() > SHORT ? line.substring(0, SHORT) + "…" : line;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
