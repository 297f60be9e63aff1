package io.ruido.diffusion;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * A sample between two calls of the denoiser, as it is kept elsewhere. Little-endian: the version, the trajectory's
 * fingerprint, the calls made, the number of tensors and their size, all 32 bits, the generator, the first noise,
 * latents and histories as float32, and a CRC-32 of it all.
 */
record Snapshot(int fingerprint, int index, TorchRandom random, float[][] values) {
    private static final int VERSION = 1;
    private static final int HEADER = 5 * Integer.BYTES;

    byte[] toBytes() {
        byte[] generator = random.save();
        int count = values.length * values[0].length;
        ByteBuffer bytes = little(new byte[HEADER + generator.length + (count + 1) * Float.BYTES]);
        bytes.putInt(VERSION)
                .putInt(fingerprint)
                .putInt(index)
                .putInt(values.length)
                .putInt(values[0].length);
        bytes.put(generator);
        for (float[] row : values) {
            bytes.asFloatBuffer().put(row);
            bytes.position(bytes.position() + row.length * Float.BYTES);
        }
        return bytes.putInt(checksum(bytes.array())).array();
    }

    /** @throws IllegalArgumentException saying why these bytes are no snapshot */
    static Snapshot parse(byte[] saved) {
        int rest = saved.length - HEADER - TorchRandom.STATE_BYTES - Integer.BYTES;
        check(rest >= 0, "is cut off after %d bytes".formatted(saved.length));
        ByteBuffer bytes = little(saved);
        int version = bytes.getInt();
        check(version == VERSION, "version: must be %d, was %d".formatted(VERSION, version));
        check(bytes.getInt(saved.length - Integer.BYTES) == checksum(saved), "does not match its checksum");
        int fingerprint = bytes.getInt();
        int index = bytes.getInt();
        int rows = bytes.getInt();
        int size = bytes.getInt();
        check((long) rows * size * Float.BYTES == rest, "must have %d × %d values".formatted(rows, size));
        byte[] generator = new byte[TorchRandom.STATE_BYTES];
        bytes.get(generator);
        float[][] values = new float[rows][size];
        for (float[] row : values) {
            bytes.asFloatBuffer().get(row);
            bytes.position(bytes.position() + size * Float.BYTES);
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
