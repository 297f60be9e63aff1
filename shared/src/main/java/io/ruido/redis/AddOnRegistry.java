package io.ruido.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.prompting.AddOn;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** The LoRAs or the embeddings of all workers. */
public final class AddOnRegistry {
    private final String key;
    private final LuaScript serve;
    private final LuaScript announced;

    private AddOnRegistry(Redis redis, String key) {
        this.key = key;
        RedisAsyncCommands<String, String> commands = redis.text().async();
        this.serve = new LuaScript(commands, "serve.lua");
        this.announced = new LuaScript(commands, "announced.lua");
    }

    public static AddOnRegistry ofLoras(Redis redis) {
        return new AddOnRegistry(redis, RedisKeys.LORAS);
    }

    public static AddOnRegistry ofEmbeddings(Redis redis) {
        return new AddOnRegistry(redis, RedisKeys.EMBEDDINGS);
    }

    /** Announces the files of a worker until the lease ends. */
    public CompletionStage<Void> announce(List<AddOn> files, Duration lease) {
        CompletionStage<String> served = serve.run(
                ScriptOutputType.VALUE, new String[] {key}, JobJson.write(files), String.valueOf(lease.toMillis()));
        return served.thenAccept(_ -> {});
    }

    /** Returns the files of all live workers, by name. */
    public CompletionStage<List<AddOn>> list() {
        CompletionStage<List<String>> found = announced.run(ScriptOutputType.MULTI, new String[] {key});
        return found.thenApply(lists -> Announced.read(lists, AddOn[].class)
                .flatMap(Stream::of)
                .distinct()
                .sorted(Comparator.comparing(AddOn::name))
                .toList());
    }
}
