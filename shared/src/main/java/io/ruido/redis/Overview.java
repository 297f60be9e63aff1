package io.ruido.redis;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.JobState;
import io.ruido.job.Priority;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** Reads the numbers of waiting, running and finished jobs by model with one script. Nothing here blocks. */
public final class Overview {
    /** The number of past minutes that are kept. */
    public static final int MINUTES = 60;

    private final RedisAsyncCommands<String, String> redis;
    private final LuaScript overview;

    public Overview(Redis redis) {
        this.redis = redis.text().async();
        this.overview = new LuaScript(this.redis, "event.lua", "queue.lua", "overview.lua");
    }

    /**
     * @param waiting waiting jobs by priority
     * @param admitted number of images that are on Kafka or with a worker
     * @param workers number of workers that serve the model now
     * @param finished number of finished jobs by state
     * @param minutes the last minutes, the newest last, or null if not requested
     */
    public record Model(
            @JsonProperty("model") String name,
            List<Waiting> waiting,
            long admitted,
            int workers,
            Map<JobState, Long> finished,
            List<Minute> minutes) {

        public Waiting waiting(Priority priority) {
            return waiting.get(priority.ordinal());
        }
    }

    /**
     * @param images number of images of these jobs
     * @param oldest time that the first job has waited, in milliseconds; 0 when there is none
     */
    public record Waiting(long jobs, long images, long oldest) {}

    /**
     * @param at start of the minute, in milliseconds since 1970
     * @param counts counts of jobs by the state in which they ended, and of finished {@code images} and their
     *     {@code steps}
     */
    public record Minute(long at, Map<String, Long> counts) {
        public long count(String what) {
            return counts.getOrDefault(what, 0L);
        }
    }

    /** Reads the models, sorted by name. */
    public CompletionStage<List<Model>> read(int minutes) {
        return redis.hkeys(RedisKeys.MODELS)
                .thenCompose(models -> models.isEmpty()
                        ? CompletableFuture.completedStage(List.of())
                        : overview.<String>run(
                                        ScriptOutputType.VALUE, RedisKeys.ofScripts(), arguments(models, minutes))
                                .thenApply(json -> List.of(JobJson.read(json, Model[].class))));
    }

    private static String[] arguments(List<String> models, int minutes) {
        return Stream.concat(
                        Stream.of("overview", "", "0", String.valueOf(minutes)),
                        models.stream().sorted())
                .toArray(String[]::new);
    }
}
