package io.ruido.embedded;

import java.nio.file.Path;
import java.time.Duration;

/** Plays one role until it is killed; says on its standard output when it does. */
final class ServerMain {
    static final String ANSWER = "answer: ";

    private ServerMain() {}

    public static void main(String[] args) throws Exception {
        String answer =
                switch (args[0]) {
                    case "kafka" -> EmbeddedKafka.start(Path.of(args[1]), 0).bootstrapServers();
                    case "redis" -> EmbeddedRedis.start(Path.of(args[1]), 0).uri();
                    case "s3" ->
                        EmbeddedS3.start(Path.of(args[1]), 0, EmbeddedS3Test.ACCESS_KEY, EmbeddedS3Test.SECRET_KEY)
                                .endpoint()
                                .toString();
                    case "consumer" ->
                        new JobQueue(EmbeddedKafka.clientProperties(args[1], Path.of(args[2])))
                                .take()
                                .value();
                    default -> throw new IllegalArgumentException("role: " + args[0]);
                };
        System.out.println(ANSWER + answer);
        Thread.sleep(Duration.ofMinutes(2));
        System.exit(1);
    }
}
