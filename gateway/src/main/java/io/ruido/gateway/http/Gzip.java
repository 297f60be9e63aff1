package io.ruido.gateway.http;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** Decodes bodies with {@code Content-Encoding: gzip}. */
final class Gzip {
    private static final int PIECE = 16 * 1024;

    private Gzip() {}

    /**
     * Inflates a body piece by piece.
     *
     * @param growing called with the size of each piece before it is added; throws to refuse the body
     * @throws ProblemException when the body is not in gzip format
     */
    static Buffer inflated(Buffer body, Consumer<Integer> growing) {
        Buffer plain = Buffer.buffer();
        byte[] piece = new byte[PIECE];
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(body.getBytes()))) {
            for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
                growing.accept(read);
                plain.appendBytes(piece, 0, read);
            }
            return plain;
        } catch (IOException e) {
            throw new ProblemException(
                    Problem.of(Problem.Code.MALFORMED_REQUEST, "The body is not in gzip format: " + e.getMessage()), e);
        }
    }
}
