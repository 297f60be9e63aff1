package io.ruido.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LruCacheTest {
    @Test
    void aNewEntryReplacesTheLeastRecentlyUsedOne() {
        Map<String, Integer> cache = LruCache.ofMaxEntries(2);
        cache.put("a", 1);
        cache.put("b", 2);
        cache.get("a");

        cache.put("c", 3);

        assertThat(cache).containsOnlyKeys("a", "c");
    }
}
