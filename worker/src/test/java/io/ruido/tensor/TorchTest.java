package io.ruido.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchTest {
    /** Where the JVM sees one processor, as in a container with {@code limits.cpu: 1}, torch has one thread. */
    @Test
    void threadsFollowTheProcessorsOfTheJvmAndSleepWhileTheyWait() throws IOException {
        assertThat(inJvm(3, Map.of())).contains("threads 3", "OMP_WAIT_POLICY = 'PASSIVE'");
    }

    @Test
    void theEnvironmentCanNameAnotherWaitPolicy() throws IOException {
        assertThat(inJvm(1, Map.of("OMP_WAIT_POLICY", "ACTIVE"))).contains("threads 1", "OMP_WAIT_POLICY = 'ACTIVE'");
    }

    /** Prints the number of threads. */
    static final class Threads {
        private Threads() {}

        public static void main(String[] args) {
            System.out.println("threads " + Torch.threads());
        }
    }

    private static String inJvm(int processors, Map<String, String> environment) throws IOException {
        var jvm = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:ActiveProcessorCount=" + processors,
                "-cp",
                System.getProperty("java.class.path"),
                Threads.class.getName());
        jvm.environment().remove("OMP_WAIT_POLICY");
        jvm.environment().put("OMP_DISPLAY_ENV", "true"); // libgomp then prints the policy that it has read
        jvm.environment().putAll(environment);
        jvm.redirectErrorStream(true);
        try (var output = jvm.start().inputReader()) {
            return output.readAllAsString();
        }
    }

    @Test
    void theProcessorIsADeviceEverywhere() {
        assertThat(Torch.device("cpu")).isEqualTo(Device.cpu());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "CPU"})
    void aNameOfNoDeviceIsRefused(String name) {
        assertThatThrownBy(() -> Torch.device(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("device must be cpu, cuda or cuda:N, was " + name);
    }

    @Test
    void aGpuThatLibtorchDoesNotSeeIsRefused() {
        assertThatThrownBy(() -> Torch.device("cuda:99"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("device is cuda:99, but libtorch sees");
    }
}
