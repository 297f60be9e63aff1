package io.ruido.worker.models;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The encoded prompts of an image, which may change in the course of its steps.
 *
 * @param texts each encoded once
 * @param spans in the order of their steps, at least one
 * @param secondSpans the same for a second pass; empty where it is as the first
 * @param image states of the first frame (P, D′), for a model that is conditioned on them
 * @param warnings naming the parts of the prompts that the texts do not have
 */
public record Conditioning(
        List<Encoded> texts, List<Span> spans, List<Span> secondSpans, Part image, List<String> warnings) {
    public Conditioning {
        texts = List.copyOf(texts);
        spans = List.copyOf(spans);
        secondSpans = List.copyOf(secondSpans);
        warnings = List.copyOf(warnings);
    }

    /** One prompt and one negative prompt for all steps. */
    public static Conditioning of(Encoded positive, Encoded negative, List<String> warnings) {
        Span whole = new Span(Integer.MAX_VALUE, List.of(new Guide(0, 1)), 1);
        return new Conditioning(List.of(positive, negative), List.of(whole), List.of(), Part.NONE, warnings);
    }

    /** The same with states of the first frame. */
    public Conditioning withImage(Part newImage) {
        return new Conditioning(texts, spans, secondSpans, newImage, warnings);
    }

    /** The conditioning of an image's second pass. */
    public Conditioning ofSecondPass() {
        return secondSpans.isEmpty() ? this : new Conditioning(texts, secondSpans, List.of(), image, warnings);
    }

    /**
     * What guides some steps.
     *
     * @param last the step up to which it does, counted from 0
     * @param wanted the texts that guide
     * @param unwanted the number of the text that they guide away from
     */
    public record Span(int last, List<Guide> wanted, int unwanted) {
        public Span {
            wanted = List.copyOf(wanted);
        }
    }

    /**
     * A text that guides.
     *
     * @param text its number
     * @param weight how much it guides beside others
     */
    public record Guide(int text, double weight) {}

    /** What guides the next step. */
    public record Current(List<Encoded> wanted, List<Double> weights, Encoded unwanted, Part image) {
        /** How many tokens each text has: samples that share a call have the same numbers. */
        public List<Integer> tokens() {
            return Stream.concat(wanted.stream(), Stream.of(unwanted))
                    .map(Encoded::tokens)
                    .toList();
        }

        /**
         * Whether one text guides, as long as the unwanted one and with all of its weight. Such samples are predicted in
         * another way, with other last bits.
         */
        public boolean plain() {
            return wanted.size() == 1
                    && weights.getFirst() == 1
                    && wanted.getFirst().tokens() == unwanted.tokens();
        }
    }

    /** @param step counted from 0 */
    public Current at(int step) {
        Span span = spans.stream().filter(one -> one.last >= step).findFirst().orElseGet(spans::getLast);
        List<Encoded> wanted =
                span.wanted.stream().map(guide -> texts.get(guide.text)).toList();
        int most = wanted.stream().mapToInt(Encoded::tokens).max().orElseThrow();
        return new Current(
                wanted.stream().map(text -> text.repeatedTo(most)).toList(),
                span.wanted.stream().map(Guide::weight).toList(),
                texts.get(span.unwanted),
                image);
    }

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

        int tokens() {
            return states.shape.getFirst();
        }

        /** How many bytes it takes in {@link Conditioning#toBytes}. */
        int bytes() {
            return parts().mapToInt(Part::bytes).sum();
        }

        /** With the last state as often as it takes to have so many. */
        private Encoded repeatedTo(int tokens) {
            if (tokens() == tokens) {
                return this;
            }
            int width = states.shape.getLast();
            float[] values = Arrays.copyOf(states.values, tokens * width);
            for (int i = states.values.length; i < values.length; i++) {
                values[i] = values[i - width];
            }
            return new Encoded(new Part(List.of(tokens, width), values), mask, pooled, labels);
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

    /**
     * Big-endian, 32 bits for each whole number: the number of texts, and each part of each text as its number of dimensions, its
     * shape and its values; twice, for both passes: the number of spans, and each as its last step, the number of its guides, each
     * guide's text and weight (64 bits), and the unwanted text; the image like a part of a text; the number of warnings, and each
     * as its length and its bytes in UTF-8.
     */
    public byte[] toBytes() {
        List<byte[]> messages = warnings.stream()
                .map(warning -> warning.getBytes(StandardCharsets.UTF_8))
                .toList();
        int size = 4 * Integer.BYTES
                + texts.stream().mapToInt(Encoded::bytes).sum()
                + size(spans)
                + size(secondSpans)
                + image.bytes()
                + messages.stream()
                        .mapToInt(bytes -> Integer.BYTES + bytes.length)
                        .sum();
        ByteBuffer bytes = ByteBuffer.allocate(size);
        bytes.putInt(texts.size());
        texts.stream().flatMap(Encoded::parts).forEach(part -> part.write(bytes));
        write(bytes, spans);
        write(bytes, secondSpans);
        image.write(bytes);
        bytes.putInt(messages.size());
        messages.forEach(message -> bytes.putInt(message.length).put(message));
        return bytes.array();
    }

    private static int size(List<Span> spans) {
        return spans.stream()
                .mapToInt(span -> 3 * Integer.BYTES + 12 * span.wanted.size())
                .sum();
    }

    private static void write(ByteBuffer bytes, List<Span> spans) {
        bytes.putInt(spans.size());
        for (Span span : spans) {
            bytes.putInt(span.last).putInt(span.wanted.size());
            span.wanted.forEach(guide -> bytes.putInt(guide.text).putDouble(guide.weight));
            bytes.putInt(span.unwanted);
        }
    }

    private static List<Span> readSpans(ByteBuffer bytes) {
        List<Span> spans = new ArrayList<>();
        for (int count = bytes.getInt(); count > 0; count--) {
            int last = bytes.getInt();
            List<Guide> wanted = new ArrayList<>();
            for (int guides = bytes.getInt(); guides > 0; guides--) {
                wanted.add(new Guide(bytes.getInt(), bytes.getDouble()));
            }
            spans.add(new Span(last, wanted, bytes.getInt()));
        }
        return spans;
    }

    public static Conditioning fromBytes(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        List<Encoded> texts = new ArrayList<>();
        for (int count = bytes.getInt(); count > 0; count--) {
            texts.add(new Encoded(Part.read(bytes), Part.read(bytes), Part.read(bytes), Part.read(bytes)));
        }
        List<Span> spans = readSpans(bytes);
        List<Span> secondSpans = readSpans(bytes);
        Part image = Part.read(bytes);
        List<String> warnings = new ArrayList<>();
        for (int count = bytes.getInt(); count > 0; count--) {
            byte[] message = new byte[bytes.getInt()];
            bytes.get(message);
            warnings.add(new String(message, StandardCharsets.UTF_8));
        }
        return new Conditioning(texts, spans, secondSpans, image, warnings);
    }
}
