package io.ruido.redis;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.ruido.job.JobEvent;
import io.ruido.job.JobJson;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Delivers a job's numbered events from any number on, each once and in order. Events arrive over pub/sub as they
 * happen. After a gap in the numbers, and after every connection, missing events are read from the stream.
 */
public final class EventStream implements AutoCloseable {
    /** The maximum number of events read at a time, because a job with previews can have megabytes of events. */
    public static final int PAGE = 100;

    /** Delays retries of reads that failed because Redis was unavailable. */
    private static final Executor LATER = CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);

    private final RedisAsyncCommands<String, String> redis;
    private final StatefulRedisPubSubConnection<String, String> pubSub;
    private final ConcurrentHashMap<String, Set<Watch>> watches = new ConcurrentHashMap<>();

    public EventStream(Redis redis) {
        this.redis = redis.text().async();
        this.pubSub = redis.subscriber();
        pubSub.addListener(new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String json) {
                JobEvent event = JobJson.read(json, JobEvent.class);
                watches.getOrDefault(channel, Set.of()).forEach(watch -> watch.onMessage(event, json));
            }

            @Override
            public void subscribed(String channel, long count) {
                watches.getOrDefault(channel, Set.of()).forEach(Watch::catchUp);
            }
        });
    }

    /** @param json JSON of the event, as clients get it */
    public record Entry(JobEvent event, String json) {
        private static Entry parse(String json) {
            return new Entry(JobJson.read(json, JobEvent.class), json);
        }
    }

    /** Receives events on Redis's threads, one at a time. It must not block. */
    @FunctionalInterface
    public interface Listener {
        /** @param json JSON of the event, as clients get it */
        void onEvent(JobEvent event, String json);
    }

    /**
     * Sends every event of the job with a number above {@code after}, then new ones until {@link Watch#close()}. The
     * job's last event is sent even if its number is not above.
     *
     * @return a watch whose owner must close it, also after the job's last event
     */
    public Watch watch(UUID id, long after, Listener listener) {
        Watch watch = new Watch(RedisKeys.events(id), after, listener);
        watches.compute(watch.channel, (channel, others) -> {
            Set<Watch> all = others == null ? ConcurrentHashMap.newKeySet() : others;
            all.add(watch);
            if (others == null) {
                subscribe(channel);
            }
            return all;
        });
        watch.catchUp();
        return watch;
    }

    /** Reads the events after a number: all of them, or a {@link #PAGE} if there are more. */
    public CompletionStage<List<Entry>> read(UUID id, long after) {
        return read(RedisKeys.events(id), after);
    }

    private CompletionStage<List<Entry>> read(String stream, long after) {
        Range<String> newer = Range.from(Range.Boundary.excluding(after + "-0"), Range.Boundary.unbounded());
        return redis.xrange(stream, newer, Limit.from(PAGE)).thenApply(EventStream::entries);
    }

    private static List<Entry> entries(List<StreamMessage<String, String>> messages) {
        return messages.stream()
                .map(message -> Entry.parse(message.getBody().get("event")))
                .toList();
    }

    /** Reads the newest events, the newest first. */
    public CompletionStage<List<JobEvent>> newest(UUID id, int atMost) {
        return redis.xrevrange(RedisKeys.events(id), Range.unbounded(), Limit.from(atMost))
                .thenApply(messages -> messages.stream()
                        .map(message -> JobJson.read(message.getBody().get("event"), JobEvent.class))
                        .toList());
    }

    private void subscribe(String channel) {
        pubSub.async().subscribe(channel).whenComplete((ok, error) -> {
            if (error != null) {
                LATER.execute(() -> {
                    if (watches.containsKey(channel)) {
                        subscribe(channel);
                    }
                });
            }
        });
    }

    /**
     * Reads newer entries as {@link #read} does, or the newest entry if there are none: it can be the job's last event,
     * see {@link Watch}.
     */
    private CompletionStage<List<Entry>> readOrNewest(String stream, long after) {
        return read(stream, after)
                .thenCompose(newer -> newer.isEmpty() && after > 0
                        ? redis.xrevrange(stream, Range.create("-", after + "-0"), Limit.from(1))
                                .thenApply(EventStream::entries)
                        : CompletableFuture.completedStage(newer));
    }

    /** Also closes all watches. */
    @Override
    public void close() {
        watches.values().forEach(all -> all.forEach(Watch::close));
        pubSub.close();
    }

    /** A watcher's position in a job's events. */
    public final class Watch implements AutoCloseable {
        private final String channel;
        private final Listener listener;
        private long last;
        private boolean reading;
        private boolean readAgain;
        private boolean closed;
        private boolean ended;

        private Watch(String channel, long after, Listener listener) {
            this.channel = channel;
            this.last = after;
            this.listener = listener;
        }

        private synchronized void onMessage(JobEvent event, String json) {
            if (event.number() == last + 1 || overtaken(event)) {
                deliver(event, json);
            } else if (event.number() > last) {
                catchUp();
            }
        }

        private synchronized void catchUp() {
            if (reading) {
                readAgain = true;
                return;
            }
            reading = true;
            readOrNewest(channel, last).whenComplete((events, error) -> {
                if (error == null) {
                    caughtUp(events);
                } else {
                    LATER.execute(() -> caughtUp(null));
                }
            });
        }

        /** @param events events read, or null when reading failed */
        private synchronized void caughtUp(List<Entry> events) {
            reading = false;
            boolean more = readAgain || events == null || events.size() == PAGE;
            readAgain = false;
            if (events != null) {
                events.stream()
                        .filter(entry -> entry.event().number() > last || overtaken(entry.event()))
                        .forEach(entry -> deliver(entry.event(), entry.json()));
            }
            if (more && !closed) {
                catchUp();
            }
        }

        /**
         * Returns whether an event is the job's last one with a number that another event had before, as happens when
         * Redis loses its last writes.
         */
        private boolean overtaken(JobEvent event) {
            return event.last() && event.number() <= last && !ended;
        }

        private void deliver(JobEvent event, String json) {
            if (!closed) {
                last = event.number();
                ended = event.last();
                listener.onEvent(event, json);
            }
        }

        /** Stops the delivery. No event is delivered once this method has returned. */
        @Override
        public void close() {
            synchronized (this) {
                closed = true;
            }
            watches.computeIfPresent(channel, (name, all) -> {
                all.remove(this);
                if (!all.isEmpty()) {
                    return all;
                }
                pubSub.async().unsubscribe(name);
                return null;
            });
        }
    }
}
