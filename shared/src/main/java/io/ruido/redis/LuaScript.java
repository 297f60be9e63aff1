package io.ruido.redis;

import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A Lua script that is called by its digest. Redis gets the text if it does not know the script. */
final class LuaScript {
    private final RedisAsyncCommands<String, String> redis;
    private final String text;
    private final String digest;

    /** @param files resources of this package, which are concatenated */
    LuaScript(RedisAsyncCommands<String, String> redis, String... files) {
        this.redis = redis;
        this.text = Stream.of(files).map(LuaScript::read).collect(Collectors.joining());
        this.digest = redis.digest(text);
    }

    private static String read(String file) {
        try (InputStream in = LuaScript.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + " from the class path", e);
        }
    }

    <T> CompletionStage<T> run(ScriptOutputType output, String[] keys, String... arguments) {
        return redis.<T>evalsha(digest, output, keys, arguments)
                .exceptionallyCompose(error -> unwrap(error) instanceof RedisNoScriptException
                        ? redis.eval(text, output, keys, arguments)
                        : CompletableFuture.failedStage(unwrap(error)));
    }

    private static Throwable unwrap(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}
