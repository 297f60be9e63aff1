package io.ruido.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LadderTest {
    private static final int SIZE = 16;

    @TempDir
    Path folder;

    private final List<String> progress = new ArrayList<>();
    private Evaluation evaluation;
    private Path model;
    private Path file;

    @BeforeEach
    void writeImagesAndLadder() throws Exception {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            var image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
            image.setRGB(i, i, Color.RED.getRGB());
            ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
            rows.add("{\"file_name\": \"%d.png\", \"text\": \"square %d\"}".formatted(i, i));
        }
        Files.write(folder.resolve("metadata.jsonl"), rows);
        model = Path.of(LadderTest.class.getResource("/golden/pipeline").toURI());
        evaluation = new Evaluation(model, folder, SIZE, 1, List.of());
        file = folder.resolve("ladder.yaml");
        writeLadder(3);
    }

    private void writeLadder(int steps) throws Exception {
        Files.writeString(file, """
                labels: 3
                seeds: 2
                seed: 1
                reference: own 1
                prompts: [square 1, square 2]
                rungs:
                  - {name: DDPM, model: MODEL, sampler: ddpm, steps: STEPS, guidance: 3, labels: 2, seeds: 1}
                  - {name: own 1, model: MODEL, steps: 1, guidance: 1}
                """.replace("MODEL", model.toString()).replace("STEPS", "" + steps));
    }

    @AfterEach
    void close() {
        evaluation.close();
    }

    private List<String> write(boolean resume) throws Exception {
        progress.clear();
        return new Ladder(file, evaluation, progress::add).write(folder, resume);
    }

    @Test
    void samplersAreComparedInATableAPlotAndAGrid() throws Exception {
        List<String> table = write(false);

        assertThat(table).hasSize(4);
        assertThat(table.get(2)).startsWith("| DDPM | pipeline | 2 |").contains("| – | – |");
        assertThat(table.getLast()).startsWith("| own 1 | pipeline | 3 |").contains("| 1.00 |");
        assertThat(Files.readAllLines(folder.resolve("ladder.md"))).isEqualTo(table);
        assertThat(ImageIO.read(folder.resolve("ladder.png").toFile()).getWidth())
                .isEqualTo(1000);
        BufferedImage grid = ImageIO.read(folder.resolve("samples.png").toFile());
        assertThat(grid.getWidth()).isGreaterThan(2 * SIZE);
    }

    @Test
    void onlyRungsThatChangedAreDrawnAgainWhenResuming() throws Exception {
        write(false);
        assertThat(progress).containsExactly("drawing with DDPM", "drawing with own 1", "timing DDPM", "timing own 1");
        BufferedImage first = ImageIO.read(folder.resolve("samples.png").toFile());

        write(true);
        assertThat(progress).containsExactly("timing DDPM", "timing own 1");
        BufferedImage second = ImageIO.read(folder.resolve("samples.png").toFile());
        assertThat(pixels(second)).isEqualTo(pixels(first));

        writeLadder(2);
        write(true);
        assertThat(progress).containsExactly("drawing with DDPM", "timing DDPM", "timing own 1");
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void wrongSettingsAreNamed() throws Exception {
        Files.writeString(file, "{labels: 1, seeds: 2, seed: 1, prompts: [], rungs: []}");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Ladder(file, evaluation, progress::add))
                .withMessageContaining("labels must be between 2.0 and 10000.0, was 1.0")
                .withMessageContaining("reference must be the name of a rung, was null")
                .withMessageContaining("rungs must be at least one");
    }
}
