package io.ruido.progress;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.job.JobJson;
import io.ruido.job.Upload;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * Which pictures a tenant's jobs can begin with. Whoever looks for one keeps it for as long again; {@link Agenda#uploads}
 * tells what was kept long enough.
 */
public final class UploadStore {
    private final RedisAsyncCommands<String, String> redis;
    private final Script script;
    private final String keptFor;

    public UploadStore(Redis redis, Duration keptFor) {
        this.redis = redis.text().async();
        this.script = new Script(this.redis, "upload.lua");
        this.keptFor = String.valueOf(keptFor.toMillis());
    }

    /** Before an object is stored, so that it will be deleted whatever comes of it. */
    public CompletionStage<Void> announce(UUID object) {
        return run("", "", object.toString()).thenAccept(none -> {});
    }

    /** Tells of a picture whose object is stored; returns the one that is known if somebody was quicker. */
    public CompletionStage<Upload> add(String tenant, Upload upload) {
        return run(RedisKeys.upload(tenant, upload.id()), JobJson.write(upload), "")
                .thenApply(Optional::orElseThrow);
    }

    /** Empty when there is none, or it was kept long enough. */
    public CompletionStage<Optional<Upload>> find(String tenant, String id) {
        return run(RedisKeys.upload(tenant, id), "", "");
    }

    private CompletionStage<Optional<Upload>> run(String key, String upload, String object) {
        CompletionStage<String> known =
                script.run(ScriptOutputType.VALUE, new String[] {RedisKeys.UPLOADS, key}, keptFor, upload, object);
        return known.thenApply(json -> Optional.ofNullable(json).map(text -> JobJson.read(text, Upload.class)));
    }
}
