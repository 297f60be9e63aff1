package io.ruido.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ruido.model.wan.AutoencoderKLWan;
import io.ruido.model.wan.AutoencoderKLWanConfig;
import io.ruido.tensor.Torch;
import io.ruido.tensor.Weights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What decoding a clip takes of memory, and whether it grows with the clip's length. */
class ClipMemoryTest {
    private static final int SIDE = 16;

    /** A kept piece of the clip would have 768 KiB: 16 more of them are about a third of what the layers keep. */
    @Test
    void decodingALongerClipTakesNoMoreMemory() throws IOException {
        int seventeen = AutoencoderKLWan.latentFrames(17);
        int eightyOne = AutoencoderKLWan.latentFrames(81);
        assumeTrue(AllocatedMemory.isKnown(), "the C library tells what is allocated: glibc from 2.33 on");
        try (NDManager manager = Torch.newManager()) {
            var config = AutoencoderKLWanConfig.of(new ObjectMapper().readTree("""
                            {"base_dim": 16, "dim_mult": [1, 1, 1, 1], "z_dim": 2, "num_res_blocks": 1,
                             "latents_mean": [0, 0], "latents_std": [1, 1]}
                            """));
            var vae = new AutoencoderKLWan(config, Weights.fresh(manager, 1));
            NDArray latents = manager.randomNormal(new Shape(1, 2, eightyOne, SIDE, SIDE));
            List<Long> allocated = new ArrayList<>();
            long before = AllocatedMemory.bytes();

            vae.decode(latents, piece -> {
                if (allocated.size() == seventeen - 1 || allocated.size() == eightyOne - 1) {
                    System.gc(); // what tensors were made of lies in direct buffers, which go with the heap's garbage
                }
                allocated.add(AllocatedMemory.bytes() - before);
            });

            assertThat(allocated).hasSize(eightyOne);
            assertThat(allocated.getLast().doubleValue())
                    .as("bytes for 81 frames, of which 17 take %d", allocated.get(seventeen - 1))
                    .isLessThan(1.3 * allocated.get(seventeen - 1));
        }
    }
}
