package io.ruido.worker;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ruido.config.RuidoConfig;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkerStartTest {
    @Test
    void aWrongSettingIsReportedAlsoWhenAServerDoesNotAnswer() throws Exception {
        Map<String, String> settings = Map.of(
                "ruido.redis.uri", "redis://127.0.0.1:1", // nothing listens there
                "ruido.kafka.bootstrap-servers", "127.0.0.1:1",
                "ruido.s3.endpoint", "http://127.0.0.1:1",
                "ruido.worker.device", "abacus");
        RuidoConfig config = RuidoConfig.load(settings, Map.of(), Optional.empty());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Worker.start(config))
                .withMessageContaining("device must be");
    }
}
