package io.ruido.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.ruido.pipeline.image.RgbImage;
import io.ruido.train.data.ImageFolder;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
    private static final int IMAGES = 12;
    private static final int SIZE = 16;

    @TempDir
    Path folder;

    private final List<String> labels = new ArrayList<>();
    private final List<RgbImage> images = new ArrayList<>();
    private Evaluation evaluation;
    private PromptSampler promptSampler;

    @BeforeEach
    void readModelAndImages() throws Exception {
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            labels.add("square " + i);
            images.add(square(i, folder.resolve(i + ".png")));
            rows.add("{\"file_name\": \"%d.png\", \"text\": \"%s\"}".formatted(i, labels.get(i)));
        }
        Files.write(folder.resolve(ImageFolder.METADATA), rows);
        Path model =
                Path.of(EvaluationTest.class.getResource("/golden/pipeline").toURI());
        evaluation = new Evaluation(model, folder, SIZE, 4, labels.subList(0, 3));
        promptSampler = new PromptSampler(model);
    }

    @AfterEach
    void close() {
        evaluation.close();
        promptSampler.close();
    }

    @Test
    void aTrainingImageFitsItsOwnLabelBest() {
        assertThat(evaluation.fit(each(labels), images)).isEqualTo(new Evaluation.Fit(1, 1));
    }

    @Test
    void labelsOfOtherImagesDoNotFit() {
        List<String> shifted = new ArrayList<>(labels);
        Collections.rotate(shifted, 1);
        assertThat(evaluation.fit(each(shifted), images).top1()).isZero();
    }

    @Test
    void theSameSeedDrawsTheSameImagesWhateverElseIsDrawn() {
        var sampling = new PromptSampler.Sampling(Optional.empty(), 2, 3, 7);
        List<Integer> progress = new ArrayList<>();
        List<RgbImage> some = promptSampler
                .draw(labels.subList(0, 10), sampling, progress::add)
                .images();
        List<RgbImage> one =
                promptSampler.draw(labels.subList(0, 1), sampling, _ -> {}).images();
        assertThat(Evaluation.psnr(some.subList(0, 1), one)).isGreaterThan(50);
        assertThat(progress).containsExactly(8, 10);
    }

    @Test
    void theLabelsThatTheModelHasSeenAreDrawnOnce() {
        assertThat(evaluation.labels(10, 1))
                .containsExactlyInAnyOrderElementsOf(labels.subList(0, 3))
                .isEqualTo(evaluation.labels(10, 1));
    }

    @Test
    void theHeldOutImagesAreComparedWithWhatTheAutoencoderMakesOfThem() {
        assertThat(evaluation.psnr()).isBetween(1.0, 60.0);
    }

    private static List<Set<String>> each(List<String> labels) {
        return labels.stream().map(Set::of).toList();
    }

    @Test
    void anImageFitsIfAnyOfTheAcceptedLabelsIsItsOwn() {
        List<Set<String>> accepted = labels.stream()
                .map(label -> Set.copyOf(List.of(label, "square 0")))
                .toList();
        assertThat(evaluation.fit(accepted, images)).isEqualTo(new Evaluation.Fit(1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> evaluation.fit(List.of(Set.of("circle")), images.subList(0, 1)))
                .withMessage("no image has the label circle");
    }

    @Test
    void theTrainingImagesHaveNoDistanceToThemselves() {
        assertThat(evaluation.frechet(labels, images)).isCloseTo(0, within(1e-2));
        assertThat(evaluation.frechet(labels.subList(0, 6), images.subList(6, 12)))
                .isGreaterThan(0.05);
    }

    @Test
    void theImagesOfOneSeedHaveNoDiversity() {
        assertThat(evaluation.diversity(Collections.nCopies(3, images.getFirst())))
                .isZero();
        assertThat(evaluation.diversity(images)).isPositive();
    }

    private static RgbImage square(int number, Path file) throws IOException {
        var image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
        var g = image.createGraphics();
        g.setColor(Color.getHSBColor(number / (float) IMAGES, 1, 1));
        g.fillRect(2 * (number % 4), number % 8, SIZE / 2, SIZE / 2);
        g.dispose();
        ImageIO.write(image, "png", file.toFile());
        byte[] rgb = new byte[3 * SIZE * SIZE];
        for (int i = 0; i < SIZE * SIZE; i++) {
            int colour = image.getRGB(i % SIZE, i / SIZE);
            rgb[3 * i] = (byte) (colour >> 16);
            rgb[3 * i + 1] = (byte) (colour >> 8);
            rgb[3 * i + 2] = (byte) colour;
        }
        return new RgbImage(SIZE, SIZE, rgb);
    }
}
