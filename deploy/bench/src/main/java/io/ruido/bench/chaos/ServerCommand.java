package io.ruido.bench.chaos;

import io.ruido.embedded.EmbeddedKafka;
import io.ruido.embedded.EmbeddedRedis;
import io.ruido.embedded.EmbeddedS3;
import io.ruido.process.Foreground;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "server",
        hidden = true,
        description = "Runs one of the embedded servers alone, so that it can be killed alone.")
public final class ServerCommand implements Callable<Integer> {
    /** The kind of server. */
    public enum Kind {
        KAFKA,
        REDIS,
        S3
    }

    @Parameters(paramLabel = "KIND")
    private Kind kind;

    @Option(names = "--folder", required = true)
    private Path folder;

    @Option(names = "--port", required = true)
    private int port;

    @Override
    public Integer call() throws Exception {
        Foreground.run(
                switch (kind) {
                    case KAFKA -> EmbeddedKafka.start(folder, port);
                    case REDIS -> EmbeddedRedis.start(folder, port);
                    case S3 -> EmbeddedS3.start(folder, port);
                });
        return 0;
    }
}
