package io.ruido.redis;

import io.ruido.cache.LruCache;
import io.ruido.job.InvalidFieldException;
import io.ruido.job.JobJson;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what workers have announced in Redis. */
final class Announced {
    private static final Logger log = LoggerFactory.getLogger(Announced.class);

    private static final int MAX_REMEMBERED = 100;
    private static final Map<String, Boolean> logged = LruCache.ofMaxEntries(MAX_REMEMBERED);

    private Announced() {}

    /**
     * Reads announcements. One that cannot be read, as of a worker of another release, is skipped and logged once, so
     * that it does not hide the others.
     */
    static <T> Stream<T> read(Collection<String> announcements, Class<T> type) {
        return announcements.stream().flatMap(json -> read(json, type));
    }

    private static <T> Stream<T> read(String json, Class<T> type) {
        try {
            return Stream.ofNullable(JobJson.read(json, type));
        } catch (InvalidFieldException e) {
            String problem = "%s: %s: %s".formatted(type.getSimpleName(), e.field(), e.reason());
            if (logged.putIfAbsent(problem, true) == null) {
                log.warn("skipped an announcement that cannot be read ({}): {}", problem, json);
            }
            return Stream.empty();
        }
    }
}
