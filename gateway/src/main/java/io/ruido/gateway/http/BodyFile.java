package io.ruido.gateway.http;

import io.vertx.core.buffer.Buffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;

/**
 * A temporary file without a name: nobody else can open it, and its space is free again when it is closed or the process ends,
 * however that happens. Calls block.
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

    /** All that was appended, and then the rest. */
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
