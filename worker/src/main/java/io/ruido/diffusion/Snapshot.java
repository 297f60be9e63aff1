package io.ruido.diffusion;

import io.ruido.diffusion.noise.TorchRandom;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * The saved state of a sample between two calls of the denoiser. Little-endian: the version, the trajectory's
 * fingerprint, the calls made and the number of tensors, all 32 bits, the generator, the tensors, each its size and its
 * float32 values, and a CRC-32 of it all.
 *
 * @param values initial noise, latents, histories, and further values of the sample
 */
record Snapshot(int fingerprint, int index, TorchRandom random, float[][] values) {
    private static final int VERSION = 2;
    private static final int HEADER = 4 * Integer.BYTES;

    byte[] toBytes() {
        byte[] generator = random.save();
        int size = HEADER + generator.length + Integer.BYTES;
        for (float[] row : values) {
            size += Integer.BYTES + row.length * Float.BYTES;
        }
        ByteBuffer bytes = little(new byte[size]);
        bytes.putInt(VERSION).putInt(fingerprint).putInt(index).putInt(values.length);
        bytes.put(generator);
        for (float[] row : values) {
            bytes.putInt(row.length);
            bytes.asFloatBuffer().put(row);
            bytes.position(bytes.position() + row.length * Float.BYTES);
        }
        return bytes.putInt(checksum(bytes.array())).array();
    }

    /** @throws IllegalArgumentException saying why the bytes are not a snapshot */
    static Snapshot parse(byte[] saved) {
        check(
                saved.length >= HEADER + TorchRandom.STATE_BYTES + Integer.BYTES,
                "is cut off after %d bytes".formatted(saved.length));
        ByteBuffer bytes = little(saved);
        int version = bytes.getInt();
        check(version == VERSION, "version: must be %d, was %d".formatted(VERSION, version));
        check(bytes.getInt(saved.length - Integer.BYTES) == checksum(saved), "does not match its checksum");
        int fingerprint = bytes.getInt();
        int index = bytes.getInt();
        int rows = bytes.getInt();
        byte[] generator = new byte[TorchRandom.STATE_BYTES];
        bytes.get(generator);
        float[][] values = new float[rows][];
        for (int i = 0; i < rows; i++) {
            values[i] = new float[bytes.getInt()];
            bytes.asFloatBuffer().get(values[i]);
            bytes.position(bytes.position() + values[i].length * Float.BYTES);
        }
        return new Snapshot(fingerprint, index, TorchRandom.restore(generator), values);
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int checksum(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, bytes.length - Integer.BYTES);
        return (int) crc.getValue();
    }

    static void check(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException("the saved sample " + problem);
        }
    }
}
