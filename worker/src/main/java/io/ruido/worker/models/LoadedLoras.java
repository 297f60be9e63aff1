package io.ruido.worker.models;

import io.ruido.pipeline.lora.AppliedLora;
import io.ruido.pipeline.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** The low-rank additions of a model that are in memory: those in use, and the others that were used last. */
public final class LoadedLoras implements AutoCloseable {
    /** Bytes of those that are kept while nothing uses them. */
    static final long KEPT = 1L << 30;

    /**
     * A file that is applied.
     *
     * @param name by which jobs name it
     * @param version changes when the file does
     */
    public record Use(String name, Path file, String version, double weight, double textWeight) {}

    private record Key(Path file, String version) {}

    private static final class Loaded {
        private final CompletableFuture<Lora> lora = new CompletableFuture<>();
        private int users;
    }

    private final Function<Path, Lora> read;
    private final long kept;
    private final Map<Key, Loaded> loaded = new LinkedHashMap<>(16, 0.75f, true); // the one used last at the end

    /** @param kept bytes of those that are kept while nothing uses them */
    LoadedLoras(Function<Path, Lora> read, long kept) {
        this.read = read;
        this.kept = kept;
    }

    /** Additions that stay in memory until this is closed. */
    public final class Held implements AutoCloseable {
        private final List<Key> keys;
        private final List<AppliedLora> ofDenoiser = new ArrayList<>();
        private final List<AppliedLora> ofText = new ArrayList<>();

        private Held(List<Key> keys) {
            this.keys = keys;
        }

        /** With the weights for denoisers. */
        public List<AppliedLora> ofDenoiser() {
            return ofDenoiser;
        }

        /** With the weights for text encoders. */
        public List<AppliedLora> ofText() {
            return ofText;
        }

        @Override
        public void close() {
            ofDenoiser.forEach(AppliedLora::close);
            ofText.forEach(AppliedLora::close);
            release(keys);
        }
    }

    /**
     * Reads what is not in memory.
     *
     * @throws IllegalArgumentException naming the file that cannot be read or does not fit the model
     * @throws java.io.UncheckedIOException when a file is gone
     */
    public Held hold(List<Use> uses) {
        Held held = new Held(new ArrayList<>());
        try {
            for (Use use : uses) {
                Key key = new Key(use.file(), use.version());
                Lora lora = acquire(key);
                held.keys.add(key);
                held.ofDenoiser.add(lora.with(use.weight()));
                held.ofText.add(lora.with(use.textWeight()));
            }
            return held;
        } catch (RuntimeException e) {
            held.close();
            throw e;
        }
    }

    private Lora acquire(Key key) {
        Loaded entry;
        boolean reads;
        synchronized (this) {
            reads = !loaded.containsKey(key);
            entry = loaded.computeIfAbsent(key, _ -> new Loaded());
            entry.users++;
        }
        if (reads) {
            try {
                entry.lora.complete(read.apply(key.file));
            } catch (RuntimeException | Error e) {
                synchronized (this) {
                    loaded.remove(key);
                }
                entry.lora.completeExceptionally(e);
            }
        }
        try {
            return entry.lora.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException fault ? fault : e;
        }
    }

    private synchronized void release(List<Key> keys) {
        keys.forEach(key -> loaded.get(key).users--);
        long bytes = 0;
        for (Loaded entry : loaded.values()) {
            bytes += entry.users == 0 ? entry.lora.join().bytes() : 0;
        }
        var oldestFirst = loaded.values().iterator();
        while (bytes > kept && oldestFirst.hasNext()) {
            Loaded entry = oldestFirst.next();
            if (entry.users == 0) {
                Lora lora = entry.lora.join();
                bytes -= lora.bytes();
                oldestFirst.remove();
                lora.close();
            }
        }
    }

    @Override
    public synchronized void close() {
        loaded.values().forEach(entry -> entry.lora.join().close());
        loaded.clear();
    }
}
