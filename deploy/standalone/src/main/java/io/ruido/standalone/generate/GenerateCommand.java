package io.ruido.standalone.generate;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ruido.gateway.Tls;
import io.ruido.job.JobEvent;
import io.ruido.job.JobState;
import io.ruido.standalone.Desktop;
import io.ruido.standalone.SettingsOption;
import io.ruido.standalone.Standalone;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description =
                "Generates images or clips of a prompt on a running Ruido, or on one that is started temporarily.")
public final class GenerateCommand implements Callable<Integer> {
    @Mixin
    private SettingsOption settings;

    @Mixin
    private Submission submission;

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Address of a running Ruido; by default the one of this machine, if there is one.")
    private URI server;

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description = "API key, if the server requires one; the environment variable RUIDO_API_KEY is safer.",
            defaultValue = "${env:RUIDO_API_KEY}")
    private String key;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "File to write, of the kind that its name ends with: png, jpeg, webp, or of a clip mp4, webm, webp;"
                            + " \"image-\" and its seed by default. The second image gets -1 before the dot.")
    private Path out;

    @Option(names = "--open", description = "Show the first image when it is ready.")
    private boolean open;

    @Override
    public Integer call() throws Exception {
        ((Logger) LoggerFactory.getLogger("io.ruido")).setLevel(Level.WARN);
        Optional<URI> running = running();
        if (running.isPresent()) {
            return generate(running.get());
        }
        System.err.println("No Ruido is running; starting one temporarily (./ruido up keeps one running)");
        try (Standalone standalone = Standalone.start(settings.read().with(Map.of("ruido.gateway.port", "0")))) {
            return generate(standalone.address());
        }
    }

    private Optional<URI> running() {
        if (server != null) {
            return Optional.of(server);
        }
        var gateway = settings.read().load().gateway();
        URI local = URI.create(Tls.scheme(gateway) + "://" + gateway.host() + ":" + gateway.port());
        try (GatewayClient client = new GatewayClient(local, key)) {
            return client.alive() ? Optional.of(local) : Optional.empty();
        }
    }

    private int generate(URI address) throws Exception {
        try (GatewayClient client = new GatewayClient(address, key)) {
            ObjectNode wanted = submission.toJson(client);
            if (out != null) {
                wanted.put("outputFormat", NumberedFile.format(out).label());
            }
            JsonNode job = client.submit(wanted);
            String id = job.get("id").asText();
            Thread cancel = new Thread(() -> client.cancel(id));
            Runtime.getRuntime().addShutdownHook(cancel);
            int images = job.get("count").asInt();
            JobEvent.State end;
            try (JobProgress progress = new JobProgress(
                    job.get("prompt").asText(),
                    images,
                    job.at("/images/0/steps").asInt())) {
                end = client.watch(id, progress::show);
            }
            Runtime.getRuntime().removeShutdownHook(cancel);
            if (end.state() != JobState.SUCCEEDED) {
                System.err.println(
                        "The job " + id + " is " + end.state() + (end.error() == null ? "" : ": " + end.error()));
                return 1;
            }
            for (int index = 0; index < images; index++) {
                Path file = file(index, job);
                Files.write(file, client.image(id, index));
                System.out.println(file);
                if (open && index == 0) {
                    Desktop.open(file.toString());
                }
            }
            return 0;
        }
    }

    private Path file(int index, JsonNode job) {
        if (out == null) {
            return Path.of("image-%d.%s"
                    .formatted(
                            job.get("seed").asLong() + index,
                            job.get("outputFormat").asText()));
        }
        return NumberedFile.file(out, index);
    }
}
