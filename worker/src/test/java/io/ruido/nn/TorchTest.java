package io.ruido.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchTest {
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
