package io.ruido.model.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class UNetConfigTest {
    private static JsonNode json(String text) throws JsonProcessingException {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    void blocksThatAFileDoesNotNameAreThoseOfTheReference() throws JsonProcessingException {
        assertThat(UNetConfig.of(json("{}"))).isEqualTo(UNetConfig.of(json("""
                {'down_block_types':
                   ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
                 'up_block_types':
                   ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D']}""")));
        assertThat(UNet2DConfig.of(json("{}"))).isEqualTo(UNet2DConfig.of(json("""
                {'down_block_types': ['DownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D'],
                 'up_block_types': ['AttnUpBlock2D', 'AttnUpBlock2D', 'AttnUpBlock2D', 'UpBlock2D']}""")));
    }

    @Test
    void levelsWithoutABlockAreRefused() {
        assertThatThrownBy(() -> UNetConfig.of(json("{'block_out_channels': [32, 64]}")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("down_block_types");
    }
}
