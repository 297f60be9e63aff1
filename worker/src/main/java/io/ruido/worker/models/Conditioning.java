package io.ruido.worker.models;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The encoded prompt of an image, and its encoded negative prompt.
 *
 * @param picture states of the first frame (P, D′), for a model that is conditioned on them
 */
public record Conditioning(Encoded positive, Encoded negative, Part picture) {
    /**
     * One row of those parts of {@link io.ruido.model.Conditioning} that are made from a text.
     *
     * @param states (T, D)
     * @param mask (T), whole numbers
     * @param pooled (P)
     * @param labels (), a whole number
     */
    public record Encoded(Part states, Part mask, Part pooled, Part labels) {
        private Stream<Part> parts() {
            return Stream.of(states, mask, pooled, labels);
        }
    }

    /** Values of one part in their shape; none where the model has no such part. */
    public record Part(List<Integer> shape, float[] values) {
        static final Part NONE = new Part(List.of(0), new float[0]);

        public Part {
            shape = List.copyOf(shape);
            int size = shape.stream().reduce(1, Math::multiplyExact);
            if (values.length != size) {
                throw new IllegalArgumentException(
                        "values: must be of shape %s, are %d".formatted(shape, values.length));
            }
        }

        boolean isNone() {
            return values.length == 0;
        }

        private int bytes() {
            return 4 * (1 + shape.size() + values.length);
        }

        private void write(ByteBuffer bytes) {
            bytes.putInt(shape.size());
            shape.forEach(bytes::putInt);
            for (float value : values) {
                bytes.putFloat(value);
            }
        }

        private static Part read(ByteBuffer bytes) {
            List<Integer> shape = IntStream.range(0, bytes.getInt())
                    .mapToObj(_ -> bytes.getInt())
                    .toList();
            float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
            for (int i = 0; i < values.length; i++) {
                values[i] = bytes.getFloat();
            }
            return new Part(shape, values);
        }
    }

    /** How many tokens a text has: texts of one model, and so samples that share a call, have as many. */
    public int tokens() {
        return positive.states.shape.getFirst();
    }

    /** Each part as its number of dimensions, its shape and its values, big-endian, 32 bits each. */
    public byte[] toBytes() {
        List<Part> parts = Stream.of(positive.parts(), negative.parts(), Stream.of(picture))
                .flatMap(Function.identity())
                .toList();
        ByteBuffer bytes =
                ByteBuffer.allocate(parts.stream().mapToInt(Part::bytes).sum());
        parts.forEach(part -> part.write(bytes));
        return bytes.array();
    }

    public static Conditioning fromBytes(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        return new Conditioning(encoded(bytes), encoded(bytes), Part.read(bytes));
    }

    private static Encoded encoded(ByteBuffer bytes) {
        return new Encoded(Part.read(bytes), Part.read(bytes), Part.read(bytes), Part.read(bytes));
    }
}
