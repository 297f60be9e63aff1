package io.ruido.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.ruido.train.data.ImageFolder;
import io.ruido.train.recipe.Optimization;
import io.ruido.train.recipe.TrainConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Small images and models. */
public final class Samples {
    static final int SIZE = 16;

    private Samples() {}

    /** Squares of random colours and places on white. */
    static List<ImageFolder.Image> images(int count) {
        Random random = new Random(1);
        List<ImageFolder.Image> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] planes = new byte[3 * SIZE * SIZE];
            int left = random.nextInt(SIZE / 2), top = random.nextInt(SIZE / 2);
            for (int at = 0; at < planes.length; at++) {
                int x = at % SIZE, y = at / SIZE % SIZE;
                boolean inside = x >= left && x < left + SIZE / 2 && y >= top && y < top + SIZE / 2;
                planes[at] = (byte) (inside ? at / SIZE / SIZE * 100 + i * 10 : 255);
            }
            images.add(new ImageFolder.Image(i + ".png", "square " + i, List.of("block"), planes));
        }
        return images;
    }

    /** A run of that many steps, with crops before step 4 and whole images from there on. */
    public static AutoencoderStage autoencoder(int steps) {
        return autoencoder(steps, null);
    }

    /** The same with a discriminator. */
    public static AutoencoderStage autoencoder(int steps, TrainConfig.Adversarial adversarial) {
        var optimization = new Optimization(steps, 4, 1e-3, 1, 1, 0.9, 0.99, 0.01, 1, 0.9, 2, 100);
        var config = new TrainConfig.Autoencoder(
                TrainConfig.Learns.ALL,
                2,
                8,
                4.0 / steps,
                true,
                1,
                0.5,
                1e-3,
                adversarial,
                TrainConfig.Precision.FLOAT32,
                optimization,
                autoencoderModel());
        return new AutoencoderStage(config, SIZE, images(6));
    }

    private static ObjectNode autoencoderModel() {
        return yaml("""
                block_out_channels: [4, 8]
                down_block_types: [DownEncoderBlock2D, DownEncoderBlock2D]
                up_block_types: [UpDecoderBlock2D, UpDecoderBlock2D]
                latent_channels: 3
                norm_num_groups: 2
                sample_size: 16
                scaling_factor: 1.0
                mid_block_add_attention: false
                """);
    }

    private static ObjectNode yaml(String text) {
        try {
            return (ObjectNode) new YAMLMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
