package io.ruido.standalone.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ruido.standalone.Ruido;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleCommandTest {
    @Test
    void aFolderThatIsNotThereIsRefusedBeforeAnythingIsSampled(@TempDir Path folder) {
        Path missing = folder.resolve("missing");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            int status = Ruido.run(
                    "sample",
                    "--model",
                    "no model, which would be told later",
                    "--out",
                    missing.resolve("x.png").toString());

            assertThat(status).isEqualTo(1);
        } finally {
            System.setErr(err);
        }
        assertThat(said.toString(StandardCharsets.UTF_8).strip())
                .isEqualTo("ruido sample: no such file or folder: " + missing);
    }
}
