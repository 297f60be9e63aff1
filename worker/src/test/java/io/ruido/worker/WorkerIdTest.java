package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerIdTest {
    @Test
    void aHostThatCannotResolveItsOwnNameHasANameToo(@TempDir Path folder) throws Exception {
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // The only names that this process can resolve: none.
                "-Djdk.net.hosts.file=" + Files.createFile(folder.resolve("hosts")),
                "-cp",
                System.getProperty("java.class.path"),
                Print.class.getName());
        command.environment().put("HOSTNAME", "ruido-worker-7");
        Process process = command.redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .matches("ruido-worker-7-\\d+-[0-9a-f]{4}\\R");
    }

    /** The process that has no names. */
    static final class Print {
        private Print() {}

        public static void main(String[] arguments) {
            System.out.println(WorkerId.create());
        }
    }
}
