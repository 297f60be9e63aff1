package io.ruido.worker;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The encoded text of an image.
 *
 * @param states float32 of the prompt's and then the negative prompt's states, (2, T, D)
 * @param tokens T
 * @param width D
 */
record Conditioning(float[] states, int tokens, int width) {
    Conditioning {
        if (states.length != 2 * tokens * width) {
            throw new IllegalArgumentException(
                    "states: must be (2, %d, %d), has %d values".formatted(tokens, width, states.length));
        }
    }

    float[] prompt() {
        return Arrays.copyOf(states, states.length / 2);
    }

    float[] negative() {
        return Arrays.copyOfRange(states, states.length / 2, states.length);
    }

    /** T and D as 32-bit integers, then the states; little-endian. */
    byte[] toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * states.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(tokens).putInt(width).asFloatBuffer().put(states);
        return bytes.array();
    }

    static Conditioning fromBytes(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int tokens = bytes.getInt();
        int width = bytes.getInt();
        float[] states = new float[bytes.remaining() / 4];
        bytes.asFloatBuffer().get(states);
        return new Conditioning(states, tokens, width);
    }
}
