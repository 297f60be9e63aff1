package io.ruido.cache;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Maps with a maximum size, which keep the entries that were used most recently. */
public final class LruCache {
    private static final float LOAD_FACTOR = 0.75f;

    private LruCache() {}

    /**
     * Returns an empty map that several threads can use. A new entry replaces the least recently used one when the map
     * is full.
     *
     * @param maxEntries maximum size of the map
     */
    public static <K, V> Map<K, V> ofMaxEntries(int maxEntries) {
        return Collections.synchronizedMap(new LinkedHashMap<>(16, LOAD_FACTOR, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > maxEntries;
            }
        });
    }
}
