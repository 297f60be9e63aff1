package io.ruido.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.ruido.config.RuidoConfig.UploadsConfig;
import io.ruido.job.JobJson;
import io.ruido.job.Upload;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;

/**
 * The uploads of tenants and their total sizes. Sending an image again, or submitting a job with it, extends its
 * retention; {@link DelayedQueue#uploads} returns those whose retention has ended.
 */
public final class UploadStore {
    private static final String[] OBJECTS = {
        RedisKeys.UPLOADS, RedisKeys.UPLOAD_SIZES, RedisKeys.UPLOAD_BYTES, RedisKeys.UPLOAD_COUNTS
    };

    private final RedisAsyncCommands<String, String> redis;
    private final LuaScript announce;
    private final LuaScript keep;
    private final LuaScript forget;
    private final UploadsConfig config;

    public UploadStore(Redis redis, UploadsConfig config) {
        this.redis = redis.text().async();
        this.announce = new LuaScript(this.redis, "announce-upload.lua");
        this.keep = new LuaScript(this.redis, "upload.lua");
        this.forget = new LuaScript(this.redis, "forget-upload.lua");
        this.config = config;
    }

    /**
     * Announces an object before it is stored, so that it will be deleted even if storing it fails.
     *
     * @return empty, or the bytes of the tenant's uploads if there is no room for this one
     */
    public CompletionStage<Optional<Long>> announce(UUID object, String tenant, int bytes) {
        CompletionStage<Long> taken = announce.run(
                ScriptOutputType.INTEGER,
                OBJECTS,
                object.toString(),
                tenant,
                String.valueOf(bytes),
                String.valueOf(config.maxStoredBytes()),
                String.valueOf(config.maxStoredPictures()));
        return taken.thenApply(Optional::ofNullable);
    }

    /** Records an upload whose object is stored; returns the existing one if another request was faster. */
    public CompletionStage<Upload> add(String tenant, Upload upload) {
        return keep(tenant, upload.id(), JobJson.write(upload)).thenApply(Optional::orElseThrow);
    }

    /** Finds an upload and extends its retention; empty when there is none, or its retention has ended. */
    public CompletionStage<Optional<Upload>> keep(String tenant, String id) {
        return keep(tenant, id, "");
    }

    private CompletionStage<Optional<Upload>> keep(String tenant, String id, String upload) {
        CompletionStage<String> known = keep.run(
                ScriptOutputType.VALUE,
                new String[] {RedisKeys.UPLOADS, RedisKeys.upload(tenant, id)},
                String.valueOf(config.retention().toMillis()),
                upload);
        return known.thenApply(UploadStore::parse);
    }

    /** Finds an upload; empty when there is none, or its retention has ended. */
    public CompletionStage<Optional<Upload>> find(String tenant, String id) {
        return redis.get(RedisKeys.upload(tenant, id)).thenApply(UploadStore::parse);
    }

    /** Deletes the entry of a deleted object, so that its tenant has room for others. */
    public CompletionStage<Void> forget(UUID object) {
        return forget.run(ScriptOutputType.STATUS, OBJECTS, object.toString()).thenAccept(none -> {});
    }

    private static Optional<Upload> parse(String json) {
        return Optional.ofNullable(json).map(text -> JobJson.read(text, Upload.class));
    }
}
