package io.ruido.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.ruido.train.data.ImageFolder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @Test
    void theHeldOutImagesDoNotDependOnTheOrder() {
        List<ImageFolder.Image> images = Samples.images(20);

        List<ImageFolder.Image> heldOut = ImageFolder.heldOut(images, 5);

        assertThat(heldOut).hasSize(5).isEqualTo(ImageFolder.heldOut(images.reversed(), 5));
        assertThat(ImageFolder.training(images, 5)).hasSize(15).doesNotContainAnyElementsOf(heldOut);
    }

    @Test
    void aFolderWithoutMetadataSaysWhatToWrite(@TempDir Path folder) {
        assertThatIOException()
                .isThrownBy(() -> ImageFolder.read(folder, 16))
                .withMessageContaining("metadata.jsonl")
                .withMessageContaining("file_name");
    }

    @Test
    void aRecipeMayTrainOnSomeLabelsOnly() {
        List<ImageFolder.Image> images = Samples.images(4);

        assertThat(ImageFolder.labelled(images, List.of("square 3", "square 1")))
                .containsExactly(images.get(1), images.get(3));
        assertThat(ImageFolder.labelled(images, List.of())).isEqualTo(images);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageFolder.labelled(images, List.of("square 1", "cirle", "squre")))
                .withMessage("denoiser.labels: no image has the label cirle, squre");
    }
}
