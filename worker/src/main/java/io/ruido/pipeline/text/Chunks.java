package io.ruido.pipeline.text;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.ruido.job.prompting.Weighted;
import io.ruido.model.text.ClipTextModel.Vectors;
import io.ruido.tensor.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Cuts a text of any length into chunks that a text encoder takes, as AUTOMATIC1111's web UI does. Where a chunk is full and there
 * is a comma among its last tokens, what follows the comma goes to the next chunk.
 */
final class Chunks {
    /** How many tokens before the end of a chunk a comma is looked for. */
    private static final int COMMA_WITHIN = 20;

    /**
     * The tokens of one chunk.
     *
     * @param ids (T), with those that begin and end a text, and padding
     * @param mask (T): 1 for tokens, 0 for padding
     * @param weights (T), by which states are multiplied
     * @param vectors of embeddings, instead of those of tokens
     */
    record Chunk(long[] ids, long[] mask, float[] weights, List<Vectors> vectors) {
        /**
         * States multiplied by the weights, then by what gives them their mean again.
         *
         * @param states (1, T, D), or with a further state of the whole text, which is not multiplied
         */
        NDArray emphasized(NDArray states) {
            long count = states.getShape().get(1);
            float[] factors = Arrays.copyOf(weights, (int) count);
            Arrays.fill(factors, weights.length, factors.length, 1);
            NDArray wide = Ops.cast(states, DataType.FLOAT32);
            NDArray multiplied = wide.mul(states.getManager().create(factors, new Shape(1, count, 1)));
            return multiplied.mul(wide.mean().div(multiplied.mean()));
        }
    }

    /** An embedding in place of the tokens of its name. */
    private record Name(long[] tokens, NDArray vectors) {}

    private final Tokenizer tokenizer;
    private final List<Name> names = new ArrayList<>();
    private final int room;
    private final long comma;
    private final List<Chunk> chunks = new ArrayList<>();
    private List<Long> tokens = new ArrayList<>();
    private List<Double> weights = new ArrayList<>();
    private List<Vectors> vectors = new ArrayList<>(); // places are counted without the tokens that begin a text
    private int lastComma = -1;

    private Chunks(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.room = tokenizer.length() - tokenizer.begin().length - tokenizer.end().length;
        long[] commas = tokenizer.tokens(",");
        this.comma = commas.length == 1 ? commas[0] : -1;
    }

    /** @param width D of the vectors of embeddings */
    static List<Chunk> of(Tokenizer tokenizer, List<Weighted> pieces, List<TextualInversion> embeddings, long width) {
        Chunks cut = new Chunks(tokenizer);
        embeddings.forEach(embedding -> embedding
                .ofWidth(width)
                .ifPresent(vectors -> cut.names.add(new Name(tokenizer.tokens(embedding.name()), vectors))));
        cut.names.sort(Comparator.comparingInt(name -> -name.tokens.length)); // the longest name first
        for (Weighted piece : pieces) {
            if (piece.isBreak()) {
                cut.next();
            } else {
                cut.addAll(tokenizer.tokens(piece.text()), piece.weight());
            }
        }
        if (!cut.tokens.isEmpty() || cut.chunks.isEmpty()) {
            cut.next();
        }
        return cut.chunks;
    }

    private void addAll(long[] ids, double weight) {
        for (int i = 0; i < ids.length; ) {
            int at = i;
            Optional<Name> found = names.stream()
                    .filter(name -> Arrays.equals(
                            ids, at, Math.min(ids.length, at + name.tokens.length), name.tokens, 0, name.tokens.length))
                    .findFirst();
            if (found.isPresent()) {
                addVectors(found.get(), weight);
                i += found.get().tokens.length;
            } else {
                add(ids[i++], weight);
            }
        }
    }

    /** Vectors of an embedding are not divided between chunks. */
    private void addVectors(Name name, double weight) {
        int count = (int) name.vectors.getShape().get(0);
        if (count > room) {
            throw new IllegalArgumentException(
                    "prompt: an embedding has %d vectors, the text encoder takes %d".formatted(count, room));
        }
        if (tokens.size() + count > room) {
            next();
        }
        vectors.add(new Vectors(tokens.size(), name.vectors));
        for (int i = 0; i < count; i++) {
            tokens.add(name.tokens[0]);
            weights.add(weight);
        }
    }

    private void add(long token, double weight) {
        if (token == comma) {
            lastComma = tokens.size();
        } else if (tokens.size() == room && lastComma >= 0 && tokens.size() - lastComma <= COMMA_WITHIN) {
            List<Long> movedTokens = new ArrayList<>(tokens.subList(lastComma + 1, tokens.size()));
            List<Double> movedWeights = new ArrayList<>(weights.subList(lastComma + 1, weights.size()));
            int from = lastComma + 1;
            List<Vectors> movedVectors = vectors.stream()
                    .filter(one -> one.at() >= from)
                    .map(one -> new Vectors(one.at() - from, one.vectors()))
                    .toList();
            tokens = tokens.subList(0, from);
            weights = weights.subList(0, from);
            vectors.removeIf(one -> one.at() >= from);
            next();
            tokens.addAll(movedTokens);
            weights.addAll(movedWeights);
            vectors.addAll(movedVectors);
        }
        if (tokens.size() == room) {
            next();
        }
        tokens.add(token);
        weights.add(weight);
    }

    /** Ends the chunk. */
    private void next() {
        long[] begin = tokenizer.begin();
        long[] end = tokenizer.end();
        long[] ids = Arrays.copyOf(begin, tokenizer.length());
        float[] multipliers = new float[ids.length];
        Arrays.fill(multipliers, 1);
        int at = begin.length;
        for (int i = 0; i < tokens.size(); i++, at++) {
            ids[at] = tokens.get(i);
            multipliers[at] = weights.get(i).floatValue();
        }
        System.arraycopy(end, 0, ids, at, end.length);
        Arrays.fill(ids, at + end.length, ids.length, tokenizer.padding());
        long[] mask = new long[ids.length];
        Arrays.fill(mask, 0, at + end.length, 1);
        List<Vectors> placed = vectors.stream()
                .map(one -> new Vectors(begin.length + one.at(), one.vectors()))
                .toList();
        chunks.add(new Chunk(ids, mask, multipliers, placed));
        vectors = new ArrayList<>();
        tokens = new ArrayList<>();
        weights = new ArrayList<>();
        lastComma = -1;
    }
}
