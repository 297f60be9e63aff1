package io.ruido.gateway.http;

import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;

/**
 * A temporary file that no other process can open. Its space is freed when it is closed, or when the process ends in
 * any way. Calls block.
 */
final class BodyFile implements AutoCloseable {
    private final FileChannel channel;

    private BodyFile(FileChannel channel) {
        this.channel = channel;
    }

    static BodyFile open() throws IOException {
        // On Unix such a file is unlinked as soon as it is open.
        return new BodyFile(FileChannel.open(
                Files.createTempFile("ruido-body-", null),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE));
    }

    void append(Buffer part) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(part.getBytes());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Returns everything that was appended, followed by the rest. */
    Buffer followedBy(Buffer rest) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()) + rest.length());
        bytes.limit(bytes.capacity() - rest.length());
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, bytes.position()) < 0) {
                throw new EOFException("a temporary file is shorter than what was written to it");
            }
        }
        bytes.limit(bytes.capacity());
        return Buffer.buffer(bytes.put(rest.getBytes()).array());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
