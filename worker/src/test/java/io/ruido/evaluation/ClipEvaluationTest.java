package io.ruido.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.ruido.pipeline.image.Frames;
import io.ruido.pipeline.image.RgbImage;
import io.ruido.train.data.ImageFolder;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipEvaluationTest {
    private static final List<String> LABELS = List.of("red", "green", "blue");
    private static final int SIZE = 32;
    private static final int FRAMES = 5;

    @TempDir
    Path folder;

    private ClipEvaluation evaluation;

    @BeforeEach
    void writeClips() throws Exception {
        for (String label : LABELS) {
            var strip = new BufferedImage(FRAMES * SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
            List<RgbImage> frames = clip(label).images();
            for (int i = 0; i < FRAMES; i++) {
                strip.getRaster()
                        .setRect(i * SIZE, 0, frames.get(i).toBufferedImage().getRaster());
            }
            ImageIO.write(strip, "png", folder.resolve(label + ".png").toFile());
        }
        Files.write(
                folder.resolve(ImageFolder.METADATA),
                LABELS.stream()
                        .map("{\"file_name\": \"%1$s.png\", \"text\": \"%1$s\", \"frames\": 5}"::formatted)
                        .toList());
        evaluation = new ClipEvaluation(folder, Optional.empty());
    }

    @Test
    void trainingClipsFitTheirLabelsAndMoveAsMuchAsTheData() {
        List<Frames> clips = LABELS.stream().map(ClipEvaluationTest::clip).toList();
        assertThat(evaluation.fit(LABELS, clips)).isEqualTo(new ClipEvaluation.Fit(1, 1, 1));
        assertThat(ClipEvaluation.motion(clips))
                .isPositive()
                .isCloseTo(evaluation.motionOfData(LABELS, FRAMES), within(1e-6));
    }

    @Test
    void aClipThatEndsAsAnotherThingFitsAtItsBeginningOnly() {
        List<RgbImage> first = clip("red").images().subList(0, 4);
        List<RgbImage> last = clip("blue").images().subList(4, 5);
        Frames changed = Frames.joined(List.of(List.of(new Frames(first)), List.of(new Frames(last))))
                .getFirst();
        assertThat(evaluation.fit(List.of("red"), List.of(changed))).isEqualTo(new ClipEvaluation.Fit(1, 0, 0));
    }

    @Test
    void aFrozenClipDoesNotMove() {
        Frames frozen = new Frames(Collections.nCopies(FRAMES, clip("red").first()));
        assertThat(ClipEvaluation.motion(List.of(frozen))).isZero();
    }

    @Test
    void aLabelThatNoClipHasIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> evaluation.fit(List.of("pink"), List.of(clip("red"))))
                .withMessage("no clip has the label pink");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> evaluation.fit(List.of(), List.of()))
                .withMessageStartingWith("labels: ");
    }

    /** A square of the colour that moves to the right. */
    private static Frames clip(String colour) {
        return new Frames(IntStream.range(0, FRAMES)
                .mapToObj(i -> {
                    var image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
                    var g = image.createGraphics();
                    g.setColor(
                            switch (colour) {
                                case "red" -> Color.RED;
                                case "green" -> Color.GREEN;
                                default -> Color.BLUE;
                            });
                    g.fillRect(4 * i, 8, SIZE / 2, SIZE / 2);
                    g.dispose();
                    return RgbImage.of(image);
                })
                .toList());
    }
}
